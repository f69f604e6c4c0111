#include "mabs/centroid_fold.hpp"

#include "mabs/double_pair.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace agent::mabs {

namespace {

// Sums of weight * mean that could pass the largest double are kept that much smaller, which no weight up to 2^53
// makes too large.
constexpr double wide_scale = 0x1p-56;

// 1 / norm; not above 0 where the samples are too few for the compression and nothing may fold.
double inverse_norm(double total, double d) {
    return (4 * std::log(total / d) + 24) / d;
}

double weight_of(std::span<const Centroid> part) {
    // Whole numbers: exact in any order.
    double even = 0;
    double odd = part.size() % 2 != 0 ? part.back().weight : 0;
    for (std::size_t i = 0; i + 1 < part.size(); i += 2) {
        even += part[i].weight;
        odd += part[i + 1].weight;
    }
    return even + odd;
}

} // namespace

// Arithmetic instead of branches: whether an item folds is a coin toss that no predictor learns. What is known of the
// open groups is written down at every step, and written over while they stay open; so is how the next one would begin.
CentroidFolder::Counts CentroidFolder::group(std::span<const Centroid> run, double total, double share, double scale) {
    const std::size_t middle = run.size() / 2;
    const Centroid* low = run.data() + middle;
    const Centroid* high = low - 1;
    const double left_half = weight_of(run.first(middle));
    const DoublePair totals = make_pair_of(total, total);
    const DoublePair shares = make_pair_of(share, share);
    const DoublePair scales = make_pair_of(scale, scale);
    constexpr double infinity = std::numeric_limits<double>::infinity();

    // Weight from the ends of the run: up to where we are, where the open group began, and the least where it may end.
    DoublePair here = make_pair_of(left_half, total - left_half);
    DoublePair start = here;
    DoublePair nearest = make_pair_of(infinity, infinity); // no group is open yet
    DoublePair next_nearest = here - here * (totals - here) * shares;
    DoublePair sum = make_pair_of(0, 0);
    Group* left = left_.data();
    Group* right = right_.data();
    left->behind = first_of(here);
    right->behind = second_of(here);
    for (std::size_t steps = middle - 1; steps > 0; --steps) {
        --low;
        ++high;
        const DoublePair weight = make_pair_of(low->weight, high->weight);
        const DoublePair mean = make_pair_of(low->mean, high->mean);
        left[1].innermost = first_of(mean);
        right[1].innermost = second_of(mean);
        const DoublePair next = here - weight;
        const DoublePair limit = next * (totals - next) * shares; // W max(q)
        const Choice fold = both(at_most(nearest, next), at_most(start, next + limit));
        sum = or_zero(fold, sum) + mean * (weight * scales);
        start = choose(fold, start, here);
        nearest = choose(fold, nearest, next_nearest);
        next_nearest = next - limit;
        here = next;
        const unsigned folds = bits_of(fold);
        left += (folds & 1) ^ 1;
        right += (folds >> 1) ^ 1;
        left->sum = first_of(sum);
        left->behind = first_of(here);
        right->sum = second_of(sum);
        right->behind = second_of(here);
    }
    return {static_cast<std::size_t>(left - left_.data()), static_cast<std::size_t>(right - right_.data())};
}

double CentroidFolder::middle_share(double total, double d) {
    return 0.25 * inverse_norm(total, d);
}

std::span<const Centroid> CentroidFolder::fold(std::span<const Centroid> run, double total, double d) {
    if (run.size() < 4) return run;
    const double per_norm = inverse_norm(total, d);
    if (!(per_norm > 0)) return run;
    if (folded_.size() < run.size()) {
        left_.resize(run.size());
        right_.resize(run.size());
        folded_.resize(run.size());
    }
    const double largest = std::max(std::abs(run.front().mean), std::abs(run.back().mean));
    const double scale = std::isfinite(largest * total) ? 1 : wide_scale;
    const auto [left, right] = group(run, total, per_norm / total, scale);

    // Of an odd number the right way leaves one item besides the outermost.
    const std::span<const Centroid> rest = run.last(1 + run.size() % 2);
    left_[left + 1].innermost = run.front().mean;
    right_[right + 1].innermost = rest.front().mean;
    // Rounding must not carry a mean past the items it stands for. The next group's first one is as good as its last.
    Centroid* out = folded_.data();
    *out++ = run.front();
    for (std::size_t k = left; k > 0; --k) {
        const double weight = left_[k - 1].behind - left_[k].behind;
        const double mean = left_[k].sum / (weight * scale);
        *out++ = {std::min(std::max(mean, left_[k + 1].innermost), left_[k].innermost), weight};
    }
    for (std::size_t k = 1; k <= right; ++k) {
        const double weight = right_[k - 1].behind - right_[k].behind;
        const double mean = right_[k].sum / (weight * scale);
        *out++ = {std::min(std::max(mean, right_[k].innermost), right_[k + 1].innermost), weight};
    }
    out = std::ranges::copy(rest, out).out;
    return {folded_.data(), static_cast<std::size_t>(out - folded_.data())};
}

} // namespace agent::mabs
