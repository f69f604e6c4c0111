#include "mabs/digest_intake.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace agent::mabs {

namespace {

constexpr double spread_from_share = 0.0075;
// Parts of a centroid stay heavier than a single sample, which would be taken for exact.
constexpr double spread_from_weight = 6;

double heaviest(CentroidRun run) {
    // Four chains of comparisons, which do not wait for one another.
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    std::size_t i = 0;
    for (; i + 4 <= run.size(); i += 4) {
        a = std::max(a, run[i].weight);
        b = std::max(b, run[i + 1].weight);
        c = std::max(c, run[i + 2].weight);
        d = std::max(d, run[i + 3].weight);
    }
    for (; i < run.size(); ++i)
        a = std::max(a, run[i].weight);
    return std::max(std::max(a, b), std::max(c, d));
}

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

// The three parts of `c`, mirrored at its mean, which so stays what it is. They reach two thirds of the way to where
// the part of the gap begins that belongs to the neighbour, on the narrower side: order is kept.
Centroid* put_spread(const Centroid& c, double own_left, double own_right, Centroid* out) {
    const double reach = std::min(own_left, own_right) * (2.0 / 3);
    if (!(reach <= std::numeric_limits<double>::max())) { // the gaps are wider than a double
        *out++ = c;
        return out;
    }
    const double part = std::floor(c.weight * (1.0 / 3));
    *out++ = {c.mean - reach, part};
    *out++ = {c.mean, c.weight - 2 * part};
    *out++ = {c.mean + reach, part};
    return out;
}

} // namespace

CentroidRun DigestIntake::as_is(const TDigest& digest) {
    const std::span<const Centroid> centroids = digest.centroids();
    if (centroids.empty() || ends_are_right(centroids, digest.min(), digest.max())) return centroids;
    trim(digest, trimmed_);
    return trimmed_;
}

CentroidRun DigestIntake::spread(const TDigest& digest, double fine_share) {
    const CentroidRun run = as_is(digest);
    if (run.size() < 3 || heaviest(run) <= fine_share * digest.weight()) return run;
    if (spread_.size() < 3 * run.size()) spread_.resize(3 * run.size());
    const double heavy = std::max(spread_from_weight, spread_from_share * digest.weight());
    Centroid* out = spread_.data();
    *out++ = run.front();
    double own_left = run[1].mean - run[0].mean; // all of it: the outermost is a single sample as a rule
    for (std::size_t i = 1; i + 1 < run.size(); ++i) {
        const Centroid& c = run[i];
        const Centroid& next = run[i + 1];
        // Of the gap to the next one each has a part as large as its part of the weight.
        const double gap = next.mean - c.mean;
        const double own_right = gap * (c.weight / (c.weight + next.weight));
        if (c.weight < heavy)
            *out++ = c;
        else
            out = put_spread(c, own_left, own_right, out);
        own_left = gap - own_right;
    }
    *out++ = run.back();
    return {spread_.data(), static_cast<std::size_t>(out - spread_.data())};
}

} // namespace agent::mabs
