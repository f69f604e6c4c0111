// Merging t-digests and samples, for one thread: the memory that merging needs is kept here, once for all series.
//
// A digest that is merged into is a settled run of at most 2c + 10 centroids (c: its compression) and a few pending
// ones behind it. What arrives is put behind; when that would pass 3.25c + 10, all runs are spread
// (centroid_spread.hpp), merged in one pass and folded (centroid_fold.hpp) at an internal compression of 3c. So a
// series' memory is bounded, to 5.4 KB for c = 100, and a sample costs a fold only once in about c. Why 3c: of
// 1000 to a million samples it makes some 135 to 210 centroids, and 210 there may be, where the library's 2c makes 85
// to 150. docs/accuracy.md has what that gains.
//
// Kept exactly: the total weight, the smallest min and the largest max of what was merged. The sum is the sum of the
// sums. Every digest is merged with those before it in any order and grouping with about the same result.
#pragma once

#include "core/limits.hpp"
#include "mabs/centroid_fold.hpp"
#include "mabs/centroid_runs.hpp"
#include "mabs/centroid_spread.hpp"
#include "mabs/digest_intake.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <vector>

namespace agent::mabs {

// A weight up to which every whole number is a double.
inline constexpr double max_digest_weight = 9007199254740992.0; // 2^53

// Whether the weight stays exact and the sum finite if these come together. Where not, the caller sends off what it has
// and starts afresh. Something that alone has no finite sum fits an empty digest.
[[nodiscard]] bool fits(const TDigest& into, const TDigest& from);
[[nodiscard]] bool fits(const TDigest& into, double sample);

class DigestMerger {
  public:
    struct Options {
        // A compression above this counts as this: a series must not grow because a client claims so.
        double max_compression = core::limits::max_series_compression;
        // Centroids that may wait behind the settled run, at the least; 1.25c of them may anyway.
        std::size_t min_pending = 0;
        // What the result gets, instead of the largest compression of what was merged. 0: not given.
        double compression = 0;
    };

    DigestMerger() = default;
    explicit DigestMerger(const Options& options) : options_(options) {}

    // Merges `from` into `into`; they fit(). An empty `into` takes over the compression of `from`, otherwise the larger
    // one holds. Merging an empty digest changes nothing.
    void merge(TDigest& into, const TDigest& from);

    // Adds one sample, a finite double; it fits(). An empty `into` gets the default compression.
    void add(TDigest& into, double sample);

    // Makes `digest` one sorted run of at most 2c + 10 centroids, to be read or written. Samples and centroids that are
    // no more than c in all are only sorted.
    void settle(TDigest& digest);

  private:
    [[nodiscard]] double merged_compression(const TDigest& into, double compression) const;
    [[nodiscard]] std::size_t most_held(double compression) const;
    void fold_in(TDigest& into, CentroidRun incoming);
    CentroidRun spread_all(const TDigest& into, std::size_t incoming);

    Options options_;
    DigestIntake intake_;
    CentroidSpreader spreader_;
    RunMerger runs_;
    CentroidFolder folder_;
};

} // namespace agent::mabs
