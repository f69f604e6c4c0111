#include "mabs/digest_encode.hpp"

#include "digest_data.hpp"
#include "mabs/big_endian.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;

std::string verbose_text(const TDigest& digest) {
    std::string text;
    append_verbose_base64(digest, text);
    return text;
}

std::vector<std::byte> bytes_of(const std::string& text) {
    std::vector<std::byte> bytes(base64_decoded_room(text.size()));
    bytes.resize(*base64_decode(text, bytes));
    return bytes;
}

TEST_CASE("encode: what the library wrote in Merging verbose comes out byte for byte") {
    for (const nlohmann::json& vector : recorded("vectors.jsonl")) {
        if (vector["layout"] != "merging-verbose") continue;
        CAPTURE(vector["name"]);
        CHECK(verbose_text(decoded(vector["base64"])) == vector["base64"].get<std::string>());
    }
}

TEST_CASE("encode: what the library wrote in Merging small comes out the same, capacities too") {
    for (const nlohmann::json& vector : recorded("vectors.jsonl")) {
        if (vector["layout"] != "merging-small" || vector["library_version"] != "3.3") continue;
        if (vector["compression"] == 4000) continue; // does not fit in small
        CAPTURE(vector["name"]);
        std::string text;
        CHECK(append_small_base64(decoded(vector["base64"]), text) == DigestLayout::merging_small);
        CHECK(text == vector["base64"].get<std::string>());
    }
}

TEST_CASE("encode: appended to what is there, for every size of rest") {
    for (std::size_t size = 0; size < 9; ++size) {
        std::vector<Centroid> centroids;
        for (std::size_t i = 0; i < size; ++i)
            centroids.push_back({static_cast<double>(i), 1});
        const TDigest digest = make_digest(centroids);
        std::string text = "before ";
        append_verbose_base64(digest, text);
        REQUIRE(text.starts_with("before "));
        std::vector<std::byte> wanted(verbose_size(digest));
        encode_verbose(digest, wanted.data());
        CHECK(bytes_of(text.substr(7)) == wanted);
    }
}

TEST_CASE("encode: an empty digest has the library's markers") {
    const std::string text = verbose_text(TDigest(100));
    CHECK(text == "AAAAAX/wAAAAAAAA//AAAAAAAABAWQAAAAAAAAAAAAA=");
    CHECK(decoded(text).empty());
    std::string small;
    CHECK(append_small_base64(TDigest(100), small) == DigestLayout::merging_small);
    CHECK(decoded(small).empty());
}

TEST_CASE("encode: the small layout says where it has room for more") {
    const auto shorts = [](double compression) {
        std::string text;
        append_small_base64(make_digest({{1, 1}, {2, 1}}, compression), text);
        const auto bytes = bytes_of(text);
        return std::pair{big_endian::load_int16(bytes.data() + 24), big_endian::load_int16(bytes.data() + 26)};
    };
    CHECK(shorts(100) == std::pair<std::int16_t, std::int16_t>{210, 1050});
    CHECK(shorts(20) == std::pair<std::int16_t, std::int16_t>{70, 350});
    CHECK(shorts(3271) == std::pair<std::int16_t, std::int16_t>{6552, 32760});
}

TEST_CASE("encode: what the small layout cannot carry goes verbose, unchanged") {
    const std::vector<TDigest> digests{
        make_digest({{1, 1}, {2, 16'777'217}, {3, 1}}),                         // no float
        make_digest({{1, 1}, {1e39, 1}}),                                       // beyond the largest float
        make_digest({{-1e39, 1}, {1, 1}}), make_digest({{1, 1}, {2, 1}}, 3272), // capacities beyond a short
    };
    for (const TDigest& digest : digests) {
        CHECK_FALSE(can_encode_small(digest));
        std::string text;
        CHECK(append_small_base64(digest, text) == DigestLayout::merging_verbose);
        CHECK(std::ranges::equal(decoded(text).centroids(), digest.centroids()));
    }
    CHECK(can_encode_small(make_digest({{1, 1}, {2, 16'777'216}, {3, 1}})));
}

TEST_CASE("encode: merged digests come back as they were") {
    std::mt19937_64 random(1);
    for (int round = 0; round < 30; ++round) {
        std::vector<double> samples(random() % 5000);
        for (double& sample : samples)
            sample = std::normal_distribution<double>(5, 100)(random);
        const TDigest digest = digest_of_samples(samples, 10 + static_cast<double>(random() % 200));
        const TDigest back = decoded(verbose_text(digest));
        CHECK(std::ranges::equal(back.centroids(), digest.centroids()));
        CHECK(back.weight() == digest.weight());
        CHECK(back.min() == digest.min());
        CHECK(back.max() == digest.max());
        CHECK(back.compression() == digest.compression());

        std::string small;
        REQUIRE(append_small_base64(digest, small) == DigestLayout::merging_small);
        const TDigest rounded = decoded(small);
        CHECK(rounded.weight() == digest.weight());
        CHECK(rounded.min() == digest.min());
        REQUIRE(rounded.centroids().size() == digest.centroids().size());
        for (std::size_t i = 0; i < digest.centroids().size(); ++i)
            CHECK(near(rounded.centroids()[i].mean, digest.centroids()[i].mean, 1e-7));
    }
}

} // namespace
