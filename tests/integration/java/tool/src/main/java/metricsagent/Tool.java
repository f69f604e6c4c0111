package metricsagent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;

/**
 * What the tests ask of Java's own Kafka client and of the reference t-digest library, in one long-running process (a JVM start costs a second).
 *
 * <p>One JSON object a line on standard input: {@code {"command": .., ...}}. Each is answered by any number of {@code {"item": ..}} lines and then by one
 * {@code {"done": ..}} or {@code {"error": ".."}}. Ends with its input.
 */
public final class Tool {
    static final ObjectMapper JSON = new ObjectMapper();

    private final PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), false);
    private final Topics topics = new Topics();

    public static void main(String[] args) throws Exception {
        new Tool().run();
    }

    private void run() throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode answer = JSON.createObjectNode();
            try {
                answer.set("done", execute(JSON.readTree(line)));
            } catch (ExecutionException e) {
                answer.put("error", String.valueOf(e.getCause()));
            } catch (Exception e) {
                answer.put("error", e.toString());
            }
            out.println(JSON.writeValueAsString(answer));
            out.flush();
        }
        topics.close();
    }

    private void item(JsonNode value) {
        try {
            out.println(JSON.writeValueAsString(JSON.createObjectNode().set("item", value)));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode execute(JsonNode request) throws Exception {
        String command = request.path("command").asText();
        String brokers = request.path("brokers").asText();
        String topic = request.path("topic").asText();
        switch (command) {
            case "ping":
                return JSON.createObjectNode();
            case "create":
                return topics.create(brokers, topic, request.path("partitions").asInt(3), request.path("configs"));
            case "delete":
                return topics.delete(brokers, topic);
            case "describe":
                return topics.describe(brokers, topic);
            case "configure":
                return topics.configure(brokers, topic, request.path("configs"));
            case "forbid":
                return topics.forbidWrites(brokers, topic, true);
            case "permit":
                return topics.forbidWrites(brokers, topic, false);
            case "user":
                return topics.createUser(brokers, request.path("name").asText(), request.path("password").asText());
            case "consume":
                return Reader.consume(brokers, topic, request.path("timeout_ms").asLong(60_000), this::item);
            case "merge":
                return Reader.merge(brokers, topic, request.path("timeout_ms").asLong(60_000), request.path("quantiles"), this::item);
            case "partitions":
                return Reader.partitions(request.path("keys"), request.path("partitions").asInt(3));
            case "digest":
                return Digests.facts(request.path("base64").binaryValue(), request.path("quantiles"));
            case "encode":
                return Digests.encode(request.path("values"), request.path("compression").asDouble(100), request.path("small").asBoolean());
            default:
                throw new IllegalArgumentException("unknown command: " + command);
        }
    }
}
