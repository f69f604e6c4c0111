// Digests that the Java library wrote, and what must and must not be taken for one.
#include "digest_data.hpp"
#include "mabs/digest_quantile.hpp"

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;
using nlohmann::json;

double number_or_nan(const json& value) {
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

void check_end(const json& wanted, const Centroid& got) {
    CHECK(got.weight == wanted[0].get<double>());
    CHECK(near(got.mean, wanted[1]));
}

void check_centroids(const json& vector, const TDigest& digest) {
    const auto centroids = digest.centroids();
    REQUIRE(centroids.size() == vector["centroid_count"].get<std::size_t>());
    if (centroids.empty()) {
        CHECK(digest.min() == std::numeric_limits<double>::infinity());
        CHECK(digest.max() == -std::numeric_limits<double>::infinity());
        return;
    }
    check_end(vector["first_centroid"], centroids.front());
    check_end(vector["last_centroid"], centroids.back());
    CHECK(near(digest.sum(), vector["weighted_sum"]));
    const bool has_ends = vector["has_min_max"];
    CHECK(digest.min() == (has_ends ? vector["min"].get<double>() : centroids.front().mean));
    CHECK(digest.max() == (has_ends ? vector["max"].get<double>() : centroids.back().mean));
}

TEST_CASE("digest vectors: every layout is decoded") {
    std::set<std::string> layouts;
    for (const json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        TDigest digest;
        const auto layout = decode(vector["base64"], digest);
        REQUIRE(layout.has_value());
        // Empty ones of Merging and AVL verbose are the same bytes.
        const bool is_twin = vector["layout"] == "avl-verbose" && vector["count"] == 0;
        CHECK(to_string(*layout) == (is_twin ? "merging-verbose" : vector["layout"].get<std::string>()));
        layouts.emplace(to_string(*layout));
        CHECK(digest.is_settled());
        CHECK(digest.weight() == vector["count"].get<double>());
        CHECK(digest.compression() == vector["compression"].get<double>());
        check_centroids(vector, digest);
    }
    CHECK(layouts.size() == 10);
}

TEST_CASE("digest vectors: quantiles and cdf as MergingDigest 3.3 gives them") {
    for (const json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        const TDigest digest = decoded(vector["base64"]);
        const char* const quantiles = vector.contains("quantiles_merging_3_3") ? "quantiles_merging_3_3" : "quantiles";
        for (const auto& [q, wanted] : vector[quantiles].items()) {
            CAPTURE(q);
            CHECK(near(quantile(digest, std::stod(q)), number_or_nan(wanted)));
        }
        if (!vector.contains("cdf_merging_3_3")) continue;
        for (const json& point : vector["cdf_merging_3_3"]) {
            CAPTURE(point);
            CHECK(near(cdf(digest, point[0]), point[1]));
        }
    }
}

TEST_CASE("digest vectors: a digest that held another before is the same") {
    std::vector<std::byte> scratch;
    TDigest reused;
    for (const json& vector : recorded("vectors.jsonl")) {
        const std::string text = vector["base64"];
        REQUIRE(decode_digest_text(text, scratch, reused).has_value());
        const TDigest fresh = decoded(text);
        CHECK(std::ranges::equal(reused.centroids(), fresh.centroids()));
        CHECK(reused.weight() == fresh.weight());
    }
}

TEST_CASE("digest vectors: what is hostile is rejected, with a reason") {
    for (const json& payload : recorded("hostile.jsonl")) {
        CAPTURE(payload["name"]);
        TDigest digest;
        const auto layout = decode(payload["base64"], digest);
        REQUIRE(layout.has_error());
        const bool is_about_text = payload["name"].get<std::string>().starts_with("text_") && payload["base64"] != "";
        using agent::core::RejectReason;
        CHECK(layout.error().reason() == (is_about_text ? RejectReason::bad_base64 : RejectReason::bad_digest));
        CHECK_FALSE(layout.error().message().empty());
    }
}

TEST_CASE("digest vectors: what real clients send is taken") {
    for (const json& payload : recorded("lenient.jsonl")) {
        CAPTURE(payload["name"]);
        TDigest digest;
        const auto layout = decode(payload["base64"], digest);
        if (payload["verdict"] != "accept") continue;
        REQUIRE(layout.has_value());
        CHECK(digest.weight() == payload["count"].get<double>());
        if (payload["min"].is_null()) continue;
        CHECK(digest.min() == payload["min"].get<double>());
        CHECK(digest.max() == payload["max"].get<double>());
    }
}

// Zeros behind a digest are taken, so a cut within such zeros is no cut.
bool ends_in_zero(const std::vector<std::byte>& bytes, std::size_t from) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(),
                       [](std::byte byte) { return byte == std::byte{0}; });
}

TEST_CASE("digest vectors: cut anywhere, a digest is rejected") {
    for (const json& vector : recorded("vectors.jsonl")) {
        if (vector["byte_length"].get<std::size_t>() > 2000) continue; // enough of them are shorter
        CAPTURE(vector["name"]);
        const std::string text = vector["base64"];
        std::vector<std::byte> bytes(text.size());
        bytes.resize(*base64_decode(text, bytes));
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(size);
            TDigest digest;
            // A copy of that size, so that a sanitizer sees what is read behind it.
            const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            const auto layout = decode_digest(cut, digest);
            // Small 3.1 counts one pair less than there are: without the last it has the bytes of small 3.3.
            const bool is_small_3_3 = vector["layout"] == "merging-small-3.1" && size + 8 == bytes.size();
            if (!is_small_3_3 && !ends_in_zero(bytes, size)) CHECK_FALSE(layout.has_value());
        }
    }
}

TEST_CASE("digest vectors: with one byte changed anywhere, nothing breaks") {
    std::mt19937_64 random(4);
    for (const json& vector : recorded("vectors.jsonl")) {
        const std::string text = vector["base64"];
        std::vector<std::byte> bytes(text.size());
        bytes.resize(*base64_decode(text, bytes));
        for (int round = 0; round < 200; ++round) {
            std::vector<std::byte> changed = bytes;
            changed[random() % changed.size()] = static_cast<std::byte>(random());
            TDigest digest;
            if (!decode_digest(changed, digest)) continue;
            DigestMerger merger;
            TDigest merged;
            merger.merge(merged, digest);
            if (fits(merged, digest)) merger.merge(merged, digest);
            merger.settle(merged);
            if (!merged.empty()) check_settled(merged);
        }
    }
}

} // namespace
