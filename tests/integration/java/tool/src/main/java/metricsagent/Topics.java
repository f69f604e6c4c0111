package metricsagent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Topics and users through the admin client. Each call returns once the broker answers with the change made. */
final class Topics implements AutoCloseable {
    private static final long VISIBLE_TIMEOUT_MS = 30_000;
    private static final long POLL_MS = 20;
    private static final int SCRAM_ITERATIONS = 4096;

    private final Map<String, Admin> admins = new HashMap<>();

    private Admin admin(String brokers) {
        return admins.computeIfAbsent(brokers, name -> {
            Properties properties = new Properties();
            properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, name);
            properties.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, "200");
            return Admin.create(properties);
        });
    }

    JsonNode create(String brokers, String topic, int partitions, JsonNode configs) throws Exception {
        NewTopic wanted = new NewTopic(topic, partitions, (short) 1);
        wanted.configs(strings(configs));
        long deadline = System.currentTimeMillis() + VISIBLE_TIMEOUT_MS;
        while (!tryCreate(brokers, wanted)) {
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException("the broker stays fenced: " + topic);
            }
            Thread.sleep(POLL_MS);
        }
        while (!hasLeaders(brokers, topic, partitions)) {
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException("no leaders for " + topic);
            }
            Thread.sleep(POLL_MS);
        }
        return Tool.JSON.createObjectNode();
    }

    JsonNode delete(String brokers, String topic) throws Exception {
        admin(brokers).deleteTopics(List.of(topic)).all().get();
        long deadline = System.currentTimeMillis() + VISIBLE_TIMEOUT_MS;
        while (description(brokers, topic) != null) {
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException("still there: " + topic);
            }
            Thread.sleep(POLL_MS);
        }
        return Tool.JSON.createObjectNode();
    }

    JsonNode describe(String brokers, String topic) throws Exception {
        ObjectNode answer = Tool.JSON.createObjectNode();
        TopicDescription found = description(brokers, topic);
        answer.put("exists", found != null);
        answer.put("partitions", found == null ? 0 : found.partitions().size());
        return answer;
    }

    JsonNode configure(String brokers, String topic, JsonNode configs) throws Exception {
        List<AlterConfigOp> changes = new ArrayList<>();
        strings(configs).forEach((name, value) -> changes.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
        Map<ConfigResource, Collection<AlterConfigOp>> request = Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), changes);
        admin(brokers).incrementalAlterConfigs(request).all().get();
        return Tool.JSON.createObjectNode();
    }

    /** An ACL that denies everyone to write to the topic; or takes it away. */
    JsonNode forbidWrites(String brokers, String topic, boolean forbid) throws Exception {
        AclBinding binding = new AclBinding(new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
            new AccessControlEntry("User:*", "*", AclOperation.WRITE, AclPermissionType.DENY));
        if (forbid) {
            admin(brokers).createAcls(List.of(binding)).all().get();
        } else {
            admin(brokers).deleteAcls(List.of(binding.toFilter())).all().get();
        }
        return Tool.JSON.createObjectNode();
    }

    /** A user for SCRAM-SHA-256; one that is there gets this password. */
    JsonNode createUser(String brokers, String name, String password) throws Exception {
        ScramCredentialInfo info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS);
        admin(brokers).alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(name, info, password))).all().get();
        return Tool.JSON.createObjectNode();
    }

    @Override
    public void close() {
        admins.values().forEach(Admin::close);
    }

    /** False while the broker is fenced: for a moment after a pause longer than its session. */
    private boolean tryCreate(String brokers, NewTopic wanted) throws Exception {
        try {
            admin(brokers).createTopics(List.of(wanted)).all().get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InvalidReplicationFactorException) {
                return false;
            }
            throw e;
        }
    }

    private TopicDescription description(String brokers, String topic) throws Exception {
        try {
            return admin(brokers).describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return null;
            }
            throw e;
        }
    }

    private boolean hasLeaders(String brokers, String topic, int partitions) throws Exception {
        TopicDescription found = description(brokers, topic);
        if (found == null || found.partitions().size() != partitions) {
            return false;
        }
        for (TopicPartitionInfo partition : found.partitions()) {
            if (partition.leader() == null || partition.leader().isEmpty()) {
                return false;
            }
        }
        return true;
    }

    private static Map<String, String> strings(JsonNode object) {
        Map<String, String> map = new HashMap<>();
        object.fields().forEachRemaining(entry -> map.put(entry.getKey(), entry.getValue().asText()));
        return map;
    }
}
