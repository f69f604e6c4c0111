#include "mabs/digest_encode.hpp"

#include "mabs/base64.hpp"
#include "mabs/big_endian.hpp"

#include <cassert>
#include <cmath>
#include <limits>
#include <span>

namespace agent::mabs {

namespace {

constexpr std::int32_t verbose_code = 1;
constexpr std::int32_t small_code = 2;
constexpr std::size_t verbose_header_bytes = 32;
constexpr std::size_t small_header_bytes = 30;

// How much the Java library makes room for when it reads the small layout: for the centroids, and for five times as
// many that wait to be merged.
struct Capacities {
    double centroids;
    double buffer;
};

Capacities capacities_for(double compression) {
    const double centroids = 2 * compression + (compression < 30 ? 30 : 10);
    return {std::ceil(centroids), 5 * std::floor(centroids)};
}

std::byte* put_ends(const TDigest& digest, std::byte* out) {
    out = big_endian::store_double(out, digest.min());
    return big_endian::store_double(out, digest.max());
}

// Base64 of what `write` makes of `size_bytes`, appended. The bytes are made where the text will end and turned into
// text from the left: the text grows by four where three are read, and never overtakes them.
template <typename Write>
void append_base64(std::size_t size_bytes, std::string& out, Write write) {
    const std::size_t before = out.size();
    const std::size_t text_size = base64_encoded_size(size_bytes);
    out.resize(before + text_size);
    char* text = out.data() + before;
    const std::span bytes{reinterpret_cast<std::byte*>(text + text_size - size_bytes), size_bytes};
    write(bytes.data());
    base64_encode(bytes, text);
}

} // namespace

std::size_t verbose_size(const TDigest& digest) {
    return verbose_header_bytes + 16 * digest.centroids().size();
}

void encode_verbose(const TDigest& digest, std::byte* out) {
    assert(digest.is_settled());
    out = big_endian::store_int32(out, verbose_code);
    out = put_ends(digest, out);
    out = big_endian::store_double(out, digest.compression());
    out = big_endian::store_int32(out, static_cast<std::int32_t>(digest.centroids().size()));
    for (const Centroid& centroid : digest.centroids()) {
        out = big_endian::store_double(out, centroid.weight);
        out = big_endian::store_double(out, centroid.mean);
    }
}

bool can_encode_small(const TDigest& digest) {
    constexpr double max_short = std::numeric_limits<std::int16_t>::max();
    constexpr double max_float = std::numeric_limits<float>::max();
    const Capacities capacities = capacities_for(digest.compression());
    const std::span<const Centroid> centroids = digest.centroids();
    if (capacities.buffer > max_short || static_cast<double>(centroids.size()) > capacities.centroids) return false;
    for (const Centroid& centroid : centroids) {
        if (std::abs(centroid.mean) > max_float) return false;
        if (static_cast<double>(static_cast<float>(centroid.weight)) != centroid.weight) return false;
    }
    return true;
}

std::size_t small_size(const TDigest& digest) {
    return small_header_bytes + 8 * digest.centroids().size();
}

void encode_small(const TDigest& digest, std::byte* out) {
    assert(digest.is_settled() && can_encode_small(digest));
    const Capacities capacities = capacities_for(digest.compression());
    out = big_endian::store_int32(out, small_code);
    out = put_ends(digest, out);
    out = big_endian::store_float(out, static_cast<float>(digest.compression()));
    out = big_endian::store_int16(out, static_cast<std::int16_t>(capacities.centroids));
    out = big_endian::store_int16(out, static_cast<std::int16_t>(capacities.buffer));
    out = big_endian::store_int16(out, static_cast<std::int16_t>(digest.centroids().size()));
    for (const Centroid& centroid : digest.centroids()) {
        out = big_endian::store_float(out, static_cast<float>(centroid.weight));
        out = big_endian::store_float(out, static_cast<float>(centroid.mean));
    }
}

void append_verbose_base64(const TDigest& digest, std::string& out) {
    append_base64(verbose_size(digest), out, [&](std::byte* bytes) { encode_verbose(digest, bytes); });
}

DigestLayout append_small_base64(const TDigest& digest, std::string& out) {
    if (!can_encode_small(digest)) {
        append_verbose_base64(digest, out);
        return DigestLayout::merging_verbose;
    }
    append_base64(small_size(digest), out, [&](std::byte* bytes) { encode_small(digest, bytes); });
    return DigestLayout::merging_small;
}

} // namespace agent::mabs
