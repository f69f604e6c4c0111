#include "mabs/digest_validate.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace agent::mabs {

namespace {

constexpr double max_weight = 9007199254740992.0; // 2^53
constexpr double half_max_weight = max_weight / 2;

struct Totals {
    double weight = 0;
    double sum = 0;
};

// The usual case in one loop without branches: means are in order without any slack, and within [least, most]. False
// means: look closely.
bool is_plainly_right(std::span<const Centroid> centroids, double least, double most, Totals& totals) {
    double weight = 0;
    double sum = 0;
    double previous = least;
    bool right = true;
    for (const Centroid& c : centroids) {
        // Adding and taking away 2^52 rounds to a whole number. NaN fails every comparison.
        const double whole = (c.weight + half_max_weight) - half_max_weight;
        right &= (c.weight >= 1) & (whole == c.weight) & (c.mean >= previous);
        previous = c.mean;
        weight += c.weight;
        sum += c.weight * c.mean;
    }
    totals = {weight, sum};
    // Sums of whole numbers that end below 2^53 were exact all the way.
    return right && previous <= most && weight < max_weight;
}

DigestFault fault_of_weight(double weight) {
    if (!std::isfinite(weight)) return DigestFault::weight_not_finite;
    if (weight <= 0) return DigestFault::weight_not_positive;
    if (weight != std::floor(weight)) return DigestFault::weight_not_whole;
    return DigestFault::none;
}

// Centroid by centroid, with slack and exact about the total.
DigestError look_closely(DigestLayout layout, const DigestClaim& claim, std::span<const Centroid> centroids,
                         Totals& totals) {
    totals = {};
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < centroids.size(); ++i) {
        const auto [mean, weight] = centroids[i];
        if (const DigestFault fault = fault_of_weight(weight); fault != DigestFault::none)
            return {fault, layout, i, weight};
        if (weight > max_weight - totals.weight) return {DigestFault::total_weight_too_large, layout, i, 0};
        if (!std::isfinite(mean)) return {DigestFault::mean_not_finite, layout, i, mean};
        if (claim.has_ends && mean < claim.min - claim.slack) return {DigestFault::mean_below_min, layout, i, mean};
        if (claim.has_ends && mean > claim.max + claim.slack) return {DigestFault::mean_above_max, layout, i, mean};
        if (mean < largest - claim.slack) return {DigestFault::mean_out_of_order, layout, i, mean};
        largest = std::max(largest, mean);
        totals.weight += weight;
        totals.sum += weight * mean;
    }
    return {};
}

// What is out of order is so by rounding only. Each mean is raised to the one before it: sorting would change which
// weight stands where among means that are the same in truth, and the quantiles with it.
void put_in_order(std::span<Centroid> centroids) {
    for (std::size_t i = 1; i < centroids.size(); ++i)
        centroids[i].mean = std::max(centroids[i].mean, centroids[i - 1].mean);
}

DigestError check_header(DigestLayout layout, const DigestClaim& claim, bool empty) {
    if (!(claim.compression > 0 && claim.compression <= core::limits::max_claimed_compression))
        return {DigestFault::bad_compression, layout, 0, claim.compression};
    if (empty || !claim.has_ends) return {};
    if (!std::isfinite(claim.min)) return {DigestFault::bad_min, layout, 0, claim.min};
    if (!std::isfinite(claim.max)) return {DigestFault::bad_max, layout, 0, claim.max};
    if (claim.min > claim.max) return {DigestFault::min_above_max, layout, 0, claim.max};
    return {};
}

} // namespace

DigestError validate_digest(DigestLayout layout, const DigestClaim& claim, TDigest& digest) {
    if (const DigestError error = check_header(layout, claim, digest.empty()); !error.ok()) return error;
    if (digest.empty()) {
        digest.set_facts({.compression = claim.compression});
        return {};
    }
    const std::span<Centroid> centroids = digest.mutable_centroids();
    Totals totals;
    // Finite, whatever the slack: infinities are in order, too.
    constexpr double largest = std::numeric_limits<double>::max();
    const double least = std::max(claim.min - claim.slack, -largest);
    const double most = std::min(claim.max + claim.slack, largest);
    if (!is_plainly_right(centroids, least, most, totals)) {
        if (const DigestError error = look_closely(layout, claim, centroids, totals); !error.ok()) return error;
        put_in_order(centroids);
    }
    digest.set_facts({
        .compression = claim.compression,
        .weight = totals.weight,
        .min = claim.has_ends ? claim.min : centroids.front().mean,
        .max = claim.has_ends ? claim.max : centroids.back().mean,
        .sum = totals.sum,
    });
    return {};
}

} // namespace agent::mabs
