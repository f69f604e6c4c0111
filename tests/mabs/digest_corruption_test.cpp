// Digests cut, changed and made up at random: what is taken all the same is sound, and nothing is read out of bounds
// (the sanitizers tell).
#include "digest_data.hpp"
#include "mabs/big_endian.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;
using nlohmann::json;

using Bytes = std::vector<std::byte>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double two_to_53 = 9007199254740992.0;

Bytes bytes_of(const std::string& text) {
    Bytes bytes(base64_decoded_room(text.size()));
    bytes.resize(*base64_decode(text, bytes));
    return bytes;
}

// What tdigest.hpp and digest_decode.hpp promise of every digest that is taken.
bool is_sound(const TDigest& digest) {
    if (!digest.is_settled() || !(digest.compression() > 0 && digest.compression() <= 1e6)) return false;
    if (digest.empty()) return digest.weight() == 0 && digest.min() == infinity && digest.max() == -infinity;
    if (!std::isfinite(digest.min()) || !std::isfinite(digest.max()) || digest.min() > digest.max()) return false;
    const double slack = 1e-6 * (std::abs(digest.min()) + std::abs(digest.max())) + 1e-40;
    double weight = 0;
    double previous = digest.min() - slack;
    for (const Centroid& c : digest.centroids()) {
        if (!(c.weight >= 1) || c.weight != std::floor(c.weight) || !(c.mean >= previous)) return false;
        previous = c.mean;
        weight += c.weight;
    }
    return weight == digest.weight() && weight <= two_to_53 && previous <= digest.max() + slack;
}

// What a cut leaves may be a whole digest of another layout, and then nobody can tell: an empty one, or one of Merging
// 3.1 small that lost exactly its last centroid, for Merging small has the number of those left in the same place.
bool is_whole_again(const json& vector, std::size_t size, DigestLayout layout) {
    if (layout != DigestLayout::merging_small) return false;
    if (vector["count"] == 0) return true;
    return vector["layout"] == "merging-small-3.1" && size + 8 == vector["byte_length"].get<std::size_t>();
}

TEST_CASE("digest corruption: cut at any byte, no digest is taken for another") {
    for (const json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        const Bytes bytes = bytes_of(vector["base64"]);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            TDigest digest;
            const auto layout = decode_digest(cut, digest);
            if (!layout) continue;
            CAPTURE(size);
            CAPTURE(to_string(*layout));
            CHECK(is_whole_again(vector, size, *layout));
            if (vector["count"] == 0) CHECK(digest.empty());
        }
    }
}

TEST_CASE("digest corruption: any byte changed to any other, what is taken is sound") {
    std::map<std::string, int> tried;
    for (const json& vector : recorded("vectors.jsonl")) {
        const std::size_t size = vector["byte_length"];
        if (size > 400 || vector["count"] == 0 || ++tried[vector["layout"]] > 3) continue;
        CAPTURE(vector["name"]);
        Bytes bytes = bytes_of(vector["base64"]);
        TDigest digest;
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            const std::byte right = bytes[at];
            for (unsigned value = 0; value < 256; ++value) {
                bytes[at] = static_cast<std::byte>(value);
                if (!decode_digest(bytes, digest) || is_sound(digest)) continue;
                CAPTURE(at);
                CAPTURE(value);
                FAIL_CHECK("not sound");
            }
            bytes[at] = right;
        }
    }
    CHECK(tried.size() >= 8);
}

TEST_CASE("digest corruption: random bytes behind each code") {
    std::mt19937_64 random(21);
    TDigest digest;
    for (int round = 0; round < 100'000; ++round) {
        Bytes bytes(4 + random() % 100);
        for (std::byte& byte : bytes)
            byte = random() % 3 == 0 ? static_cast<std::byte>(random()) : std::byte{0};
        big_endian::store_int32(bytes.data(), static_cast<std::int32_t>(1 + random() % 4));
        if (decode_digest(bytes, digest)) REQUIRE(is_sound(digest));
    }
}

} // namespace
