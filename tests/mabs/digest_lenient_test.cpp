// Payloads that are unusual, and what we do with each: decided once, here.
#include "digest_data.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;
using nlohmann::json;

// Those that either answer would be right for. DigestFault::none: taken.
const std::map<std::string, DigestFault, std::less<>>& policies() {
    static const std::map<std::string, DigestFault, std::less<>> table{
        // One line is one command: a line break behind the padding is no Base64.
        {"b64_trailing_newline", DigestFault::base64_padding},
        // The Java library reads it, too.
        {"v_overlong_as", DigestFault::none},
        // Counts in records are whole numbers.
        {"w_fraction_mv", DigestFault::weight_not_whole},
        // Of an empty digest they mean nothing.
        {"n0_zero_minmax", DigestFault::none},
        // An infinite mean would spoil the whole series.
        {"float_overflow_ms", DigestFault::mean_not_finite},
        // As small as the client likes; merging raises it as Java does.
        {"comp_below_10_mv", DigestFault::none},
        // Inconsistent and harmless.
        {"minmax_wider_than_unit_ends_mv", DigestFault::none},
        {"one_weight2_min_ne_max_mv", DigestFault::none},
    };
    return table;
}

std::vector<std::byte> bytes_of(const std::string& text) {
    std::vector<std::byte> bytes(base64_decoded_room(text.size()));
    bytes.resize(*base64_decode(text, bytes));
    return bytes;
}

void check_same(const TDigest& got, const TDigest& wanted) {
    CHECK(std::ranges::equal(got.centroids(), wanted.centroids()));
    CHECK(got.weight() == wanted.weight());
    CHECK(got.min() == wanted.min());
    CHECK(got.max() == wanted.max());
    CHECK(got.compression() == wanted.compression());
}

TEST_CASE("digest lenient: what may be taken or not is taken or not as decided") {
    std::size_t seen = 0;
    for (const json& payload : recorded("lenient.jsonl")) {
        if (payload["verdict"] != "policy") continue;
        CAPTURE(payload["name"]);
        const auto policy = policies().find(payload["name"].get<std::string>());
        REQUIRE(policy != policies().end());
        TDigest digest;
        const auto layout = decode(payload["base64"], digest);
        const DigestFault fault = layout ? DigestFault::none : layout.error().fault;
        CHECK(fault == policy->second);
        ++seen;
    }
    CHECK(seen == policies().size());
}

TEST_CASE("digest lenient: what is taken merges into something sound") {
    for (const json& payload : recorded("lenient.jsonl")) {
        CAPTURE(payload["name"]);
        TDigest digest;
        if (!decode(payload["base64"], digest)) continue;
        DigestMerger merger;
        TDigest merged;
        merger.merge(merged, digest);
        merger.merge(merged, digest);
        merger.settle(merged);
        CHECK(merged.weight() == 2 * digest.weight());
        CHECK(merged.min() == digest.min());
        CHECK(merged.max() == digest.max());
        check_settled(merged);
    }
}

TEST_CASE("digest lenient: Base64 without padding") {
    for (const json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        const std::string text = vector["base64"];
        check_same(decoded(text.substr(0, text.find('='))), decoded(text));
    }
}

TDigest decoded_with_zeros(std::vector<std::byte> bytes, std::size_t zeros) {
    bytes.resize(bytes.size() + zeros);
    TDigest digest;
    const auto layout = decode_digest(bytes, digest);
    CHECK(layout.has_value());
    return digest;
}

bool is_lone(const json& vector, const char* layout) {
    return vector["layout"] == layout && vector["centroid_count"] == 1;
}

TEST_CASE("digest lenient: zeros behind a digest change nothing") {
    for (const json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        if (is_lone(vector, "tree-small-legacy")) continue; // below
        const std::string text = vector["base64"];
        for (const std::size_t zeros : {1U, 2U, 3U, 4U, 7U, 8U, 16U, 100U, 1000U}) {
            CAPTURE(zeros);
            check_same(decoded_with_zeros(bytes_of(text), zeros), decoded(text));
        }
    }
}

// With its zeros it looks like an empty avl_small digest of a compression of 7e-304, too.
TEST_CASE("digest lenient: zeros behind a lone sample without min and max") {
    for (const json& vector : recorded("vectors.jsonl")) {
        if (!is_lone(vector, "tree-small-legacy")) continue;
        const std::string text = vector["base64"];
        check_same(decoded_with_zeros(bytes_of(text), 16), decoded(text));
    }
}

} // namespace
