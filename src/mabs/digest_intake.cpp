#include "mabs/digest_intake.hpp"

#include <algorithm>

namespace agent::mabs {

namespace {

bool ends_are_right(std::span<const Centroid> centroids, double min, double max) {
    const Centroid& first = centroids.front();
    const Centroid& last = centroids.back();
    return (first.mean == min || (first.weight == 1 && first.mean > min)) &&
           (last.mean == max || (last.weight == 1 && last.mean < max));
}

// What is left of a centroid when a sample at `end` is taken from it: (w m - end) / (w - 1), which rounding and strange
// input can carry anywhere, brought back between min and max. Halved, because w m alone may overflow.
Centroid without(const Centroid& whole, double end, double min, double max) {
    const double rest = whole.weight - 1;
    const double mean = 2 * (whole.mean / 2 + (whole.mean / 2 - end / 2) / rest);
    return {std::clamp(mean, min, max), rest};
}

void trim(const TDigest& digest, std::vector<Centroid>& out) {
    const double min = digest.min();
    const double max = digest.max();
    out.clear();
    for (const Centroid& c : digest.centroids())
        out.push_back({std::clamp(c.mean, min, max), c.weight});
    if (out.front().weight > 1 && out.front().mean > min) {
        out.front() = without(out.front(), min, min, max);
        out.insert(out.begin(), {min, 1});
    }
    if (out.back().weight > 1 && out.back().mean < max) {
        out.back() = without(out.back(), max, min, max);
        out.push_back({max, 1});
    }
    // The rests moved inwards, past their neighbours in odd cases.
    sort_by_mean(out);
}

} // namespace

CentroidRun DigestIntake::run_of(const TDigest& digest) {
    const std::span<const Centroid> centroids = digest.centroids();
    if (centroids.empty() || ends_are_right(centroids, digest.min(), digest.max())) return centroids;
    trim(digest, trimmed_);
    return trimmed_;
}

} // namespace agent::mabs
