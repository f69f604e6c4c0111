#include "mabs/digest_quantile.hpp"

#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace agent::mabs {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A centroid of weight 1 is a sample and sits where it is; a heavier one is spread out around its mean. So between two
// means the half sample that belongs to a singleton takes no part in the interpolation.
double excluded(const Centroid& centroid) {
    return centroid.weight == 1 ? 0.5 : 0;
}

// Products with weights and differences of means may overflow: std::lerp has neither.
double between(double low, double low_share, double high, double high_share) {
    return std::lerp(low, high, high_share / (low_share + high_share));
}

// Which part of the way from `from` to `to` lies before `x`, which is on it.
double part_of_way(double from, double x, double to) {
    const double way = to - from;
    if (std::isfinite(way)) return (x - from) / way;
    return (x / 2 - from / 2) / (to / 2 - from / 2);
}

// Where `index` samples lie below, between the two outermost means.
double quantile_inside(std::span<const Centroid> centroids, double index, double max) {
    double so_far = centroids.front().weight / 2;
    for (std::size_t i = 0; i + 1 < centroids.size(); ++i) {
        const Centroid& left = centroids[i];
        const Centroid& right = centroids[i + 1];
        const double width = (left.weight + right.weight) / 2;
        if (so_far + width <= index) {
            so_far += width;
            continue;
        }
        if (left.weight == 1 && index - so_far < 0.5) return left.mean;
        if (right.weight == 1 && so_far + width - index <= 0.5) return right.mean;
        const double from_left = index - so_far - excluded(left);
        const double from_right = so_far + width - index - excluded(right);
        return between(left.mean, from_right, right.mean, from_left);
    }
    return max;
}

// How many samples lie below `x`, which is between the two outermost means.
double samples_below(std::span<const Centroid> centroids, double x) {
    double so_far = 0;
    for (std::size_t i = 0; i + 1 < centroids.size(); ++i) {
        const Centroid& left = centroids[i];
        const Centroid& right = centroids[i + 1];
        if (left.mean == x) {
            double equal = 0;
            for (; i < centroids.size() && centroids[i].mean == x; ++i)
                equal += centroids[i].weight;
            return so_far + equal / 2;
        }
        if (x < right.mean) {
            if (left.weight == 1 && right.weight == 1) return so_far + 1;
            const double width = (left.weight + right.weight) / 2 - excluded(left) - excluded(right);
            const double base = so_far + left.weight / 2 + excluded(left);
            return base + width * part_of_way(left.mean, x, right.mean);
        }
        so_far += left.weight;
    }
    return so_far + centroids.back().weight - 0.5; // exactly the last mean
}

// How many samples lie between `end` (min or max) and `x`, which lies between it and the outermost mean. A sample is
// known to be at the end itself.
double samples_in_tail(double end, double x, const Centroid& outermost) {
    if (x == end) return 0.5;
    return 1 + part_of_way(end, x, outermost.mean) * (outermost.weight / 2 - 1);
}

} // namespace

double quantile(const TDigest& digest, double q) {
    assert(digest.is_settled());
    const std::span<const Centroid> centroids = digest.centroids();
    if (centroids.empty()) return nan;
    const Centroid& first = centroids.front();
    const Centroid& last = centroids.back();
    if (centroids.size() == 1) return first.mean;
    const double total = digest.weight();
    const double index = q * total;
    if (index < 1) return digest.min();
    if (first.weight > 1 && index < first.weight / 2)
        return between(digest.min(), first.weight / 2 - index, first.mean, index - 1);
    if (index > total - 1) return digest.max();
    if (last.weight > 1 && total - index <= last.weight / 2) {
        if (last.weight == 2) return digest.max(); // 0/0 below
        return between(last.mean, total - index - 1, digest.max(), last.weight / 2 - (total - index));
    }
    return quantile_inside(centroids, index, digest.max());
}

double cdf(const TDigest& digest, double x) {
    assert(digest.is_settled());
    const std::span<const Centroid> centroids = digest.centroids();
    if (centroids.empty()) return nan;
    if (x < digest.min()) return 0;
    if (x > digest.max()) return 1;
    if (centroids.size() == 1) return 0.5;
    const double total = digest.weight();
    const Centroid& first = centroids.front();
    const Centroid& last = centroids.back();
    if (x < first.mean) return samples_in_tail(digest.min(), x, first) / total;
    if (x > last.mean) return 1 - samples_in_tail(digest.max(), x, last) / total;
    return samples_below(centroids, x) / total;
}

} // namespace agent::mabs
