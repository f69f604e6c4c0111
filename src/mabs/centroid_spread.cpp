#include "mabs/centroid_spread.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace agent::mabs {

namespace {

constexpr std::size_t most_parts = 3;
constexpr double arrived_share = 0.0075;
constexpr double settled_share = 0.02;
// A lighter one has no three parts of whole samples that lean far enough.
constexpr double least_three = 6;
constexpr double least_two = 2;
// Halves of light centroids are folded with others if the whole is that many times the digest.
constexpr double diluted_from = 4;
constexpr double never = std::numeric_limits<double>::infinity();

struct RunWeights {
    double heaviest;
    double total;
};

RunWeights weights_of(CentroidRun run) {
    // Two chains each, which do not wait for one another. Whole numbers: exact in any order.
    RunWeights even{0, 0};
    RunWeights odd{0, 0};
    std::size_t i = 0;
    for (; i + 2 <= run.size(); i += 2) {
        even = {std::max(even.heaviest, run[i].weight), even.total + run[i].weight};
        odd = {std::max(odd.heaviest, run[i + 1].weight), odd.total + run[i + 1].weight};
    }
    if (i < run.size()) even = {std::max(even.heaviest, run[i].weight), even.total + run[i].weight};
    return {std::max(even.heaviest, odd.heaviest), even.total + odd.total};
}

// How far a centroid's samples reach to its left and right.
struct Reach {
    double left;
    double right;
};

// Of a gap each neighbour has a part as large as its part of the weight.
double own_gap(const Centroid& c, const Centroid& neighbour, double gap) {
    return gap * (c.weight / (c.weight + neighbour.weight));
}

// A density that rises or falls in a straight line from 0 has its mean at a third of the way.
Reach bounded(double own_left, double own_right) {
    return {std::min(own_left, 2 * own_right), std::min(own_right, 2 * own_left)};
}

Centroid* put_three(const Centroid& c, const Reach& reach, Centroid* out) {
    const double width = reach.left + reach.right;
    // What a third of the way holds more or less than a third of the weight where the density is a straight line.
    const double lean = (2.0 / 3) * (reach.left - reach.right) / width;
    const double left = std::max(1.0, std::floor(c.weight * (1.0 / 3 - lean)));
    const double right = std::max(1.0, std::floor(c.weight * (1.0 / 3 + lean)));
    // From the middle of one third to the next; all of them moved so that the mean stays.
    const double step = width / 3;
    const double shift = (right - left) / c.weight;
    *out++ = {c.mean - step * (1 + shift), left};
    *out++ = {c.mean - step * shift, c.weight - left - right};
    *out++ = {c.mean + step * (1 - shift), right};
    return out;
}

Centroid* put_two(const Centroid& c, const Reach& reach, Centroid* out) {
    const double left = std::floor(c.weight / 2);
    const double right = c.weight - left;
    const double apart = (reach.left + reach.right) / 2 / c.weight;
    *out++ = {c.mean - apart * right, left};
    *out++ = {c.mean + apart * left, right};
    return out;
}

} // namespace

void CentroidSpreader::start(std::size_t most_centroids, double total, double fine_share) {
    total_ = total;
    fine_share_ = fine_share;
    used_ = 0;
    if (parts_.size() < most_parts * most_centroids) parts_.resize(most_parts * most_centroids);
}

CentroidRun CentroidSpreader::arrived(CentroidRun run) {
    const RunWeights weights = weights_of(run);
    if (weights.heaviest < least_two || weights.heaviest <= fine_share_ * weights.total) return run;
    return spread(run, {std::max(least_three, arrived_share * weights.total),
                        total_ >= diluted_from * weights.total ? least_two : never});
}

CentroidRun CentroidSpreader::settled(CentroidRun run) {
    return spread(run, {std::max(least_three, settled_share * total_), never});
}

CentroidRun CentroidSpreader::spread(CentroidRun run, const Rule& rule) {
    if (run.size() < 3) return run;
    assert(used_ + most_parts * run.size() <= parts_.size());
    Centroid* const parts = parts_.data() + used_;
    Centroid* out = parts;
    *out++ = run.front();
    const double lightest = std::min(rule.three_from, rule.two_from);
    for (std::size_t i = 1; i + 1 < run.size(); ++i) {
        const Centroid& c = run[i];
        if (c.weight < lightest) {
            *out++ = c;
            continue;
        }
        // The outermost is a single sample as a rule and needs nothing of its gap.
        const double own_left = i == 1 ? c.mean - run[0].mean : own_gap(c, run[i - 1], c.mean - run[i - 1].mean);
        const Reach reach = bounded(own_left, own_gap(c, run[i + 1], run[i + 1].mean - c.mean));
        const double width = reach.left + reach.right;
        // Equal means stay where they are, and so do those whose gaps are wider than a double.
        if (!(width > 0 && width <= std::numeric_limits<double>::max()))
            *out++ = c;
        else if (c.weight >= rule.three_from)
            out = put_three(c, reach, out);
        else
            out = put_two(c, reach, out);
    }
    *out++ = run.back();
    const auto count = static_cast<std::size_t>(out - parts);
    used_ += count;
    return {parts, count};
}

} // namespace agent::mabs
