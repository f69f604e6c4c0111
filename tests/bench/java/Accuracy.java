import com.tdunning.math.stats.MergingDigest;
import com.tdunning.math.stats.TDigest;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes digests of random data, hands them and the data to the program at the other end, and measures that one's quantiles and the reference library's own.
 *
 * <p>{@code Accuracy DIGESTS SAMPLES SEEDS RESULT}. To standard output, big-endian: int digests, int samples of each; then for each trial the digests, each as
 * int length and bytes, and all samples as doubles. Back comes a line for each trial: the quantiles of {@link #QUANTILES} for each of the other's ways of
 * merging. RESULT gets lines {@code distribution way q mean-rank-error mean-relative-value-error}.
 */
public final class Accuracy {
    private static final double[] QUANTILES = {0.5, 0.9, 0.99, 0.999};
    private static final String[] WAYS = {"java-list", "java-each", "ours-all", "ours-each", "ours-samples"};
    private static final int JAVA_WAYS = 2;
    private static final int COMPRESSION = 100;

    private final int digests;
    private final int samples;
    private final double[][][] rankErrors = new double[Samples.DISTRIBUTIONS.length][WAYS.length][QUANTILES.length];
    private final double[][][] valueErrors = new double[Samples.DISTRIBUTIONS.length][WAYS.length][QUANTILES.length];

    private Accuracy(int digests, int samples) {
        this.digests = digests;
        this.samples = samples;
    }

    public static void main(String[] args) throws Exception {
        Accuracy bench = new Accuracy(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        int seeds = Integer.parseInt(args[2]);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 20));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        out.writeInt(bench.digests);
        out.writeInt(bench.samples);
        for (int distribution = 0; distribution < Samples.DISTRIBUTIONS.length; distribution++) {
            for (int seed = 0; seed < seeds; seed++) {
                bench.trial(distribution, new Random(1000L * distribution + seed), out, in);
            }
        }
        try (PrintStream result = new PrintStream(args[3])) {
            bench.print(result, seeds);
        }
    }

    private void trial(int distribution, Random random, DataOutputStream out, BufferedReader in) throws Exception {
        double[] raw = new double[digests * samples];
        List<TDigest> list = new ArrayList<>();
        MergingDigest each = new MergingDigest(COMPRESSION);
        for (int i = 0; i < digests; i++) {
            MergingDigest digest = new MergingDigest(COMPRESSION);
            for (int k = 0; k < samples; k++) {
                double sample = Samples.draw(distribution, random);
                raw[i * samples + k] = sample;
                digest.add(sample);
            }
            byte[] bytes = Samples.verbose(digest);
            list.add(Samples.read(bytes));
            each.add(Samples.read(bytes));
            out.writeInt(bytes.length);
            out.write(bytes);
        }
        for (double sample : raw) {
            out.writeDouble(sample);
        }
        out.flush();
        Arrays.sort(raw);
        MergingDigest all = new MergingDigest(COMPRESSION);
        all.add(list);
        String[] theirs = in.readLine().trim().split(" ");
        for (int k = 0; k < QUANTILES.length; k++) {
            double q = QUANTILES[k];
            score(distribution, 0, k, raw, all.quantile(q));
            score(distribution, 1, k, raw, each.quantile(q));
            for (int way = JAVA_WAYS; way < WAYS.length; way++) {
                score(distribution, way, k, raw, Double.parseDouble(theirs[(way - JAVA_WAYS) * QUANTILES.length + k]));
            }
        }
    }

    private void score(int distribution, int way, int k, double[] raw, double answer) {
        double exact = raw[(int) (QUANTILES[k] * raw.length)];
        rankErrors[distribution][way][k] += Math.abs(rank(raw, answer) - QUANTILES[k]);
        valueErrors[distribution][way][k] += Math.abs(answer - exact) / Math.abs(exact);
    }

    /** The share of the data below the value, in a straight line from sample to sample. */
    private static double rank(double[] sorted, double value) {
        int found = Arrays.binarySearch(sorted, value);
        int above = found >= 0 ? found : -found - 1;
        if (above == 0 || above == sorted.length) {
            return above == 0 ? 0 : 1;
        }
        double part = (value - sorted[above - 1]) / (sorted[above] - sorted[above - 1]);
        return (above - 0.5 + part) / sorted.length;
    }

    private void print(PrintStream result, int seeds) {
        for (int distribution = 0; distribution < Samples.DISTRIBUTIONS.length; distribution++) {
            for (int way = 0; way < WAYS.length; way++) {
                for (int k = 0; k < QUANTILES.length; k++) {
                    result.println(Samples.DISTRIBUTIONS[distribution] + " " + WAYS[way] + " " + QUANTILES[k] + " "
                        + rankErrors[distribution][way][k] / seeds + " " + valueErrors[distribution][way][k] / seeds);
                }
            }
        }
    }
}
