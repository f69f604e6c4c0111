#include "fuzz/digest_checks.hpp"

#include "fuzz/fuzzer.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_encode.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/digest_quantile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace agent::fuzz {

namespace {

using mabs::Centroid;
using mabs::TDigest;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t most_settled(const TDigest& digest) {
    return 2 * static_cast<std::size_t>(std::ceil(digest.compression())) + 10;
}

// Interpolation rounds: what is to grow may fall back by this part of the largest number at work.
constexpr double rounding = 1e-12;

void check_quantiles(const TDigest& digest) {
    constexpr int steps = 32;
    const double largest = std::max(std::abs(digest.min()), std::abs(digest.max()));
    double previous = digest.min();
    for (int i = 0; i <= steps; ++i) {
        const double value = mabs::quantile(digest, static_cast<double>(i) / steps);
        require(value >= digest.min() && value <= digest.max(), "quantiles lie between min and max");
        require(value >= previous - rounding * largest, "quantiles grow");
        previous = std::max(previous, value);
    }
}

void check_shares(const TDigest& digest) {
    constexpr std::size_t most_points = 16; // each costs a walk over all centroids
    double previous = 0;
    const auto check = [&](double x) {
        const double share = mabs::cdf(digest, x);
        require(share >= 0 && share <= 1, "shares lie between 0 and 1");
        require(share >= previous - rounding, "shares grow");
        previous = std::max(previous, share);
    };
    check(digest.min());
    const auto centroids = digest.centroids();
    for (std::size_t i = 0; i < centroids.size(); i += 1 + centroids.size() / most_points) {
        check(centroids[i].mean);
        if (i + 1 < centroids.size()) {
            check(std::midpoint(centroids[i].mean, centroids[i + 1].mean));
        }
    }
    check(digest.max());
    require(mabs::cdf(digest, std::nextafter(digest.min(), -infinity)) == 0, "nothing lies below min");
    require(mabs::cdf(digest, std::nextafter(digest.max(), infinity)) == 1, "all lies below what is above max");
}

std::vector<std::byte> written_verbose(const TDigest& digest) {
    std::vector<std::byte> bytes(mabs::verbose_size(digest));
    mabs::encode_verbose(digest, bytes.data());
    return bytes;
}

void check_text(const TDigest& digest, std::span<const std::byte> verbose) {
    std::string text;
    mabs::append_verbose_base64(digest, text);
    std::vector<std::byte> scratch;
    TDigest back;
    require(mabs::decode_digest_text(text, scratch, back).has_value(), "the text can be read");
    require(std::ranges::equal(std::span(scratch).first(verbose.size()), verbose), "the text holds the same bytes");
}

void check_written_small(const TDigest& digest) {
    std::vector<std::byte> bytes(mabs::small_size(digest));
    mabs::encode_small(digest, bytes.data());
    TDigest back;
    const auto layout = mabs::decode_digest(bytes, back);
    require(layout.has_value(), "the small layout can be read");
    require(back.weight() == digest.weight() && back.min() == digest.min() && back.max() == digest.max(),
            "the small layout keeps weight, min and max");
    require(back.compression() == static_cast<double>(static_cast<float>(digest.compression())),
            "the small layout keeps the compression as a float");
    require(back.centroids().size() == digest.centroids().size(), "the small layout keeps the number of centroids");
    for (std::size_t i = 0; i < back.centroids().size(); ++i) {
        const auto& [mean, weight] = digest.centroids()[i];
        require(back.centroids()[i].weight == weight, "the small layout keeps weights");
        require(back.centroids()[i].mean == static_cast<double>(static_cast<float>(mean)),
                "the small layout keeps means as floats");
    }
}

} // namespace

bool is_same(const TDigest& a, const TDigest& b) {
    // The sum of nothing finite may be NaN.
    return a.compression() == b.compression() && a.weight() == b.weight() && a.min() == b.min() && a.max() == b.max() &&
           (a.sum() == b.sum() || !std::isfinite(a.sum())) && a.settled().size() == b.settled().size() &&
           std::ranges::equal(a.centroids(), b.centroids());
}

void check_digest(const TDigest& digest, double slack) {
    if (digest.empty()) {
        require(digest.weight() == 0 && digest.min() == infinity && digest.max() == -infinity,
                "an empty digest has no weight and no ends");
        return;
    }
    require(std::isfinite(digest.min()) && std::isfinite(digest.max()) && digest.min() <= digest.max(),
            "min and max are in order");
    require(digest.compression() > 0 && digest.compression() <= core::limits::max_claimed_compression,
            "the compression is within its range");
    double weight = 0;
    for (const Centroid& c : digest.centroids()) {
        require(c.weight >= 1 && c.weight == std::floor(c.weight), "weights are whole");
        require(c.weight <= mabs::max_digest_weight - weight, "weights stay exact");
        weight += c.weight;
        require(std::isfinite(c.mean), "means are finite");
        require(c.mean >= digest.min() - slack && c.mean <= digest.max() + slack, "means lie between min and max");
    }
    require(weight == digest.weight(), "the weight is the sum of the weights");
    require(std::ranges::is_sorted(digest.settled(), {}, &Centroid::mean), "the settled run is sorted");
}

void check_settled(const TDigest& digest) {
    require(digest.is_settled(), "nothing is pending");
    check_digest(digest, 0);
    require(digest.centroids().size() <= most_settled(digest), "the digest is within its size bound");
}

void check_answers(const TDigest& digest) {
    if (digest.empty()) {
        require(std::isnan(mabs::quantile(digest, 0.5)) && std::isnan(mabs::cdf(digest, 0)), "nothing has no quantile");
        return;
    }
    check_quantiles(digest);
    check_shares(digest);
}

void check_written(const TDigest& digest) {
    const auto bytes = written_verbose(digest);
    TDigest back;
    const auto layout = mabs::decode_digest(bytes, back);
    require(layout.has_value() && (*layout == mabs::DigestLayout::merging_verbose || digest.empty()),
            "the verbose layout can be read");
    require(back.compression() == digest.compression() && back.weight() == digest.weight() &&
                back.min() == digest.min() && back.max() == digest.max(),
            "the verbose layout keeps all facts");
    require(std::ranges::equal(back.centroids(), digest.centroids()), "the verbose layout keeps the centroids");
    check_text(digest, bytes);
    if (mabs::can_encode_small(digest)) {
        check_written_small(digest);
    }
}

} // namespace agent::fuzz
