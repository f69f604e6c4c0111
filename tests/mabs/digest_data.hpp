// The recorded digests of tests/data/tdigest, and small helpers for those who compare with them.
#pragma once

#include "mabs/base64.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/tdigest.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace agent::mabs::test {

inline std::vector<nlohmann::json> recorded(const std::string& file) {
    std::ifstream in(std::string(AGENT_TEST_DATA "/tdigest/") + file);
    REQUIRE_MESSAGE(in.is_open(), file);
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(nlohmann::json::parse(line));
    REQUIRE_FALSE(lines.empty());
    return lines;
}

inline bool near(double got, double wanted, double relative = 1e-9) {
    if (got == wanted || (std::isnan(got) && std::isnan(wanted))) return true;
    return std::abs(got - wanted) <= relative * std::max(std::abs(got), std::abs(wanted));
}

inline boost::system::result<DigestLayout, DigestError> decode(const std::string& text, TDigest& into) {
    std::vector<std::byte> scratch;
    return decode_digest_text(text, scratch, into);
}

inline TDigest decoded(const std::string& text) {
    TDigest digest;
    const auto layout = decode(text, digest);
    REQUIRE_MESSAGE(layout.has_value(), (layout ? std::string() : layout.error().message()));
    return digest;
}

// A digest of these centroids with min and max at the outer means.
inline TDigest make_digest(const std::vector<Centroid>& centroids, double compression = 100) {
    TDigest digest;
    std::ranges::copy(centroids, digest.overwrite(centroids.size()).begin());
    TDigest::Facts facts{.compression = compression};
    for (const Centroid& c : centroids) {
        facts.weight += c.weight;
        facts.sum += c.weight * c.mean;
        facts.min = std::min(facts.min, c.mean);
        facts.max = std::max(facts.max, c.mean);
    }
    digest.set_facts(facts);
    return digest;
}

inline TDigest digest_of_samples(std::span<const double> samples, double compression = 100) {
    DigestMerger merger({.compression = compression});
    TDigest digest;
    for (const double sample : samples)
        merger.add(digest, sample);
    merger.settle(digest);
    return digest;
}

inline double total_weight(std::span<const Centroid> centroids) {
    double weight = 0;
    for (const Centroid& c : centroids)
        weight += c.weight;
    return weight;
}

// What holds for every settled digest that came out of a merger.
inline void check_settled(const TDigest& digest) {
    const auto centroids = digest.centroids();
    CHECK(digest.is_settled());
    CHECK(total_weight(centroids) == digest.weight());
    CHECK(static_cast<double>(centroids.size()) <= 2 * std::ceil(digest.compression()) + 10);
    CHECK(std::ranges::is_sorted(centroids, {}, &Centroid::mean));
    CHECK(std::ranges::all_of(centroids, [](const Centroid& c) { return c.weight >= 1; }));
    if (centroids.empty()) return;
    CHECK(centroids.front().mean >= digest.min());
    CHECK(centroids.back().mean <= digest.max());
}

} // namespace agent::mabs::test
