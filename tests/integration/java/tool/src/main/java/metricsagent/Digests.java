package metricsagent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.tdunning.math.stats.Centroid;
import com.tdunning.math.stats.MergingDigest;
import com.tdunning.math.stats.TDigest;
import java.nio.ByteBuffer;

/** The reference library's view of a digest. Quantiles are keyed by their q as the request spells it. */
final class Digests {
    private Digests() {}

    static JsonNode facts(byte[] bytes, JsonNode quantiles) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        MergingDigest digest = MergingDigest.fromBytes(buffer);
        ObjectNode facts = facts(digest, quantiles);
        facts.put("bytes_left", buffer.remaining());
        return facts;
    }

    static ObjectNode facts(TDigest digest, JsonNode quantiles) {
        ObjectNode facts = Tool.JSON.createObjectNode();
        facts.put("size", digest.size());
        facts.put("min", digest.getMin());
        facts.put("max", digest.getMax());
        facts.put("centroids", digest.centroidCount());
        facts.put("compression", digest.compression());
        ObjectNode values = facts.putObject("quantiles");
        for (JsonNode q : quantiles) {
            values.put(q.asText(), digest.quantile(q.asDouble()));
        }
        // Last: centroids() compresses once more, and the digest is no longer the one that was read.
        double sum = 0;
        for (Centroid centroid : digest.centroids()) {
            sum += centroid.mean() * centroid.count();
        }
        facts.put("sum", sum);
        return facts;
    }

    static JsonNode encode(JsonNode values, double compression, boolean small) {
        TDigest digest = new MergingDigest(compression);
        for (JsonNode value : values) {
            digest.add(value.asDouble());
        }
        ByteBuffer buffer = ByteBuffer.allocate(small ? digest.smallByteSize() : digest.byteSize());
        if (small) {
            digest.asSmallBytes(buffer);
        } else {
            digest.asBytes(buffer);
        }
        byte[] bytes = new byte[buffer.position()];
        buffer.flip();
        buffer.get(bytes);
        return Tool.JSON.createObjectNode().put("base64", bytes);
    }

    static ArrayNode defaultQuantiles() {
        return Tool.JSON.createArrayNode().add(0.01).add(0.5).add(0.9).add(0.99);
    }
}
