import com.tdunning.math.stats.MergingDigest;
import com.tdunning.math.stats.TDigest;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/**
 * The reference library's fromBytes and add(list), with the bytes at hand already: no Base64, and the time of the thread alone, without that of the garbage
 * collector. {@code payloads N} prints N digests as Base64; {@code merge SERIES DIGESTS LIST} takes such lines, then answers each {@code go} with the digests per
 * CPU second that it merged, LIST at a time, and anything else ends it.
 */
public final class MergeSpeed {
    private static final int SAMPLES = 2000;
    private static final int WARM_UP_ROUNDS = 3;

    public static void main(String[] args) throws Exception {
        if (args[0].equals("payloads")) {
            printPayloads(Integer.parseInt(args[1]));
            return;
        }
        int series = Integer.parseInt(args[1]);
        int digests = Integer.parseInt(args[2]);
        int atOnce = Integer.parseInt(args[3]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        List<byte[]> payloads = new ArrayList<>();
        String line = in.readLine();
        for (; !line.equals("go"); line = in.readLine()) {
            payloads.add(Base64.getDecoder().decode(line));
        }
        MergingDigest[] merged = new MergingDigest[series];
        for (int round = 0; round < WARM_UP_ROUNDS; round++) {
            merge(merged, payloads, digests, atOnce);
        }
        for (; line != null && line.equals("go"); line = in.readLine()) {
            System.out.println(merge(merged, payloads, digests, atOnce));
        }
    }

    /** Some 100 centroids each, for a compression of 100. */
    private static void printPayloads(int count) {
        Random random = new Random(5);
        for (int i = 0; i < count; i++) {
            MergingDigest digest = new MergingDigest(200);
            for (int k = 0; k < SAMPLES; k++) {
                digest.add(Samples.draw(1, random));
            }
            byte[] bytes = Samples.verbose(digest);
            ByteBuffer.wrap(bytes).putDouble(20, 100);
            System.out.println(Base64.getEncoder().encodeToString(bytes));
        }
    }

    private static double merge(MergingDigest[] merged, List<byte[]> payloads, int digests, int atOnce) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Random random = new Random(7);
        long start = threads.getCurrentThreadCpuTime();
        for (int done = 0; done < digests; done += atOnce) {
            int series = random.nextInt(merged.length);
            if (merged[series] == null) {
                merged[series] = new MergingDigest(100);
            }
            List<TDigest> list = new ArrayList<>(atOnce);
            for (int i = 0; i < atOnce; i++) {
                list.add(Samples.read(payloads.get((done + i) % payloads.size())));
            }
            merged[series].add(list);
        }
        return digests / ((threads.getCurrentThreadCpuTime() - start) / 1e9);
    }
}
