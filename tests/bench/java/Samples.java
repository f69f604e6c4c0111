import com.tdunning.math.stats.MergingDigest;
import com.tdunning.math.stats.TDigest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Data as services make it, and digests as clients write them. */
final class Samples {
    static final String[] DISTRIBUTIONS = {"uniform", "exponential", "lognormal", "Pareto"};

    private Samples() {}

    static double draw(int distribution, Random random) {
        switch (distribution) {
            case 0:
                return random.nextDouble();
            case 1:
                return -100 * Math.log(1 - random.nextDouble());
            case 2:
                return Math.exp(3 + random.nextGaussian());
            default:
                return Math.pow(1 - random.nextDouble(), -1 / 1.5);
        }
    }

    static byte[] verbose(TDigest digest) {
        ByteBuffer buffer = ByteBuffer.allocate(digest.byteSize());
        digest.asBytes(buffer);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    static MergingDigest read(byte[] bytes) {
        return MergingDigest.fromBytes(ByteBuffer.wrap(bytes));
    }
}
