package metricsagent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.tdunning.math.stats.MergingDigest;
import com.tdunning.math.stats.TDigest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;

/** A JVM consumer as users would write one: a topic from its beginning to the end it had when asked. */
final class Reader {
    private static final Duration POLL = Duration.ofMillis(200);

    private Reader() {}

    static JsonNode consume(String brokers, String topic, long timeoutMs, Consumer<JsonNode> item) throws Exception {
        long[] count = {0};
        each(brokers, topic, timeoutMs, record -> {
            item.accept(describe(record));
            count[0]++;
        });
        return Tool.JSON.createObjectNode().put("count", count[0]);
    }

    /** The histograms of a topic merged by key with the library's own add(list). */
    static JsonNode merge(String brokers, String topic, long timeoutMs, JsonNode quantiles, Consumer<JsonNode> item) throws Exception {
        Map<String, List<TDigest>> digests = new TreeMap<>();
        each(brokers, topic, timeoutMs, record -> {
            TDigest digest = digestOf(record);
            if (digest != null) {
                digests.computeIfAbsent(new String(record.key(), java.nio.charset.StandardCharsets.UTF_8), key -> new ArrayList<>()).add(digest);
            }
        });
        digests.forEach((key, parts) -> {
            MergingDigest merged = new MergingDigest(200);
            merged.add(parts);
            item.accept(Digests.facts(merged, quantiles).put("key", key).put("parts", parts.size()));
        });
        return Tool.JSON.createObjectNode().put("count", digests.size());
    }

    /** The partition that the Java producer's default partitioner gives a key. */
    static JsonNode partitions(JsonNode keys, int partitions) throws Exception {
        ArrayNode answer = Tool.JSON.createArrayNode();
        for (JsonNode key : keys) {
            answer.add(Utils.toPositive(Utils.murmur2(key.binaryValue())) % partitions);
        }
        return answer;
    }

    private static void each(String brokers, String topic, long timeoutMs, Consumer<ConsumerRecord<byte[], byte[]>> visit) {
        Properties properties = new Properties();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "5000");
        long deadline = System.currentTimeMillis() + timeoutMs;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo info : consumer.partitionsFor(topic)) {
                partitions.add(new TopicPartition(topic, info.partition()));
            }
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                if (System.currentTimeMillis() > deadline) {
                    throw new IllegalStateException("the end of " + topic + " was not reached in time");
                }
                consumer.poll(POLL).forEach(visit);
            }
        }
    }

    private static JsonNode describe(ConsumerRecord<byte[], byte[]> record) {
        ObjectNode node = Tool.JSON.createObjectNode();
        node.put("topic", record.topic());
        node.put("partition", record.partition());
        node.put("offset", record.offset());
        node.put("timestamp_ms", record.timestamp());
        node.put("key", record.key());
        node.put("value", record.value());
        ArrayNode headers = node.putArray("headers");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(header.value());
        }
        TDigest digest = digestOf(record);
        if (digest != null) {
            node.set("digest", Digests.facts(digest, Digests.defaultQuantiles()));
        }
        return node;
    }

    private static TDigest digestOf(ConsumerRecord<byte[], byte[]> record) {
        try {
            JsonNode value = Tool.JSON.readTree(record.value());
            if (!value.has("digest")) {
                return null;
            }
            return MergingDigest.fromBytes(ByteBuffer.wrap(value.get("digest").binaryValue()));
        } catch (java.io.IOException e) {
            throw new IllegalStateException("partition " + record.partition() + " offset " + record.offset() + ": " + e, e);
        }
    }
}
