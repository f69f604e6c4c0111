#include "mabs/big_endian.hpp"
#include "mabs/digest_readers.hpp"

#include <cmath>
#include <limits>

namespace agent::mabs {

namespace {

// Where a layout has what differs between the six.
struct Frame {
    DigestLayout layout;
    bool is_small; // float steps and varints instead of double means and int counts
    bool has_ends;
    std::size_t compression_at;
    std::size_t counter_at;
    std::size_t header_bytes;
};

constexpr Frame avl_verbose_frame{DigestLayout::avl_verbose, false, true, 20, 28, 32};
constexpr Frame avl_small_frame{DigestLayout::avl_small, true, true, 20, 28, 32};
constexpr Frame tree_verbose_frame{DigestLayout::tree_verbose_legacy, false, false, 4, 12, 16};
constexpr Frame tree_small_frame{DigestLayout::tree_small_legacy, true, false, 4, 12, 16};
constexpr Frame array_verbose_frame{DigestLayout::array_verbose_legacy, false, false, 4, 16, 20};
constexpr Frame array_small_frame{DigestLayout::array_small_legacy, true, false, 4, 16, 20};

constexpr std::size_t max_varint_bytes = 5;

// The library works means out as (weight * mean) / weight; small ones are sums of float steps.
double slack_of(bool is_small, double min, double max, std::size_t count) {
    if (!is_small) return 1e-12 * std::max(std::abs(min), std::abs(max));
    const double steps = std::ldexp(std::abs(min), -22) + std::ldexp(std::abs(max), -22);
    return steps + static_cast<double>(count) * std::ldexp(1.0, -149);
}

void read_verbose(const std::byte* at, std::span<Centroid> out) {
    const std::byte* counts = at + 8 * out.size();
    for (Centroid& centroid : out) {
        centroid = {big_endian::load_double(at), static_cast<double>(big_endian::load_int32(counts))};
        at += 8;
        counts += 4;
    }
}

void read_steps(const std::byte* at, std::span<Centroid> out) {
    double mean = 0;
    for (Centroid& centroid : out) {
        mean += big_endian::load_float(at);
        centroid.mean = mean;
        at += 4;
    }
}

// Gives where the varints end, or null with `error` filled.
const std::byte* read_varints(const std::byte* at, const std::byte* end, std::span<Centroid> out, DigestError& error) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        std::uint64_t value = 0;
        for (std::size_t place = 0;; ++place, ++at) {
            if (place == max_varint_bytes) {
                error = {DigestFault::varint_too_long, error.layout, i, 0};
                return nullptr;
            }
            if (at == end) {
                error = {DigestFault::varint_cut_off, error.layout, i, 0};
                return nullptr;
            }
            const auto bits = std::to_integer<std::uint64_t>(*at);
            value |= (bits & 0x7f) << (7 * place);
            if (bits < 0x80) break;
        }
        ++at;
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
            error = {DigestFault::varint_too_long, error.layout, i, 0};
            return nullptr;
        }
        out[i].weight = static_cast<double>(value);
    }
    return at;
}

template <Frame frame>
DigestError read(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    if (bytes.size() < frame.header_bytes)
        return {DigestFault::too_short, frame.layout, 0, static_cast<double>(bytes.size())};
    const std::int64_t counted = big_endian::load_int32(bytes.data() + frame.counter_at);
    if (counted < 0) return {DigestFault::negative_count, frame.layout, 0, static_cast<double>(counted)};
    const auto count = static_cast<std::size_t>(counted);
    // 64 bits: 12 * 2^30 is 0 in 32. A small centroid takes a float and a byte at the least.
    constexpr std::size_t centroid_bytes = frame.is_small ? 5 : 12;
    if (count > (bytes.size() - frame.header_bytes) / centroid_bytes)
        return {DigestFault::count_beyond_bytes, frame.layout, 0, static_cast<double>(count)};

    claim.compression = big_endian::load_double(bytes.data() + frame.compression_at);
    claim.has_ends = frame.has_ends;
    const std::byte* const centroids = bytes.data() + frame.header_bytes;
    const std::span<Centroid> room = into.overwrite(count);
    if constexpr (frame.is_small) {
        read_steps(centroids, room);
        DigestError error{DigestFault::none, frame.layout, 0, 0};
        const std::byte* const end = bytes.data() + bytes.size();
        const std::byte* const used = read_varints(centroids + 4 * count, end, room, error);
        if (used == nullptr) return error;
        claim.used_bytes = static_cast<std::size_t>(used - bytes.data());
    } else {
        read_verbose(centroids, room);
        claim.used_bytes = frame.header_bytes + centroid_bytes * count;
    }
    if (frame.has_ends) {
        claim.min = big_endian::load_double(bytes.data() + 4);
        claim.max = big_endian::load_double(bytes.data() + 12);
    } else if (count > 0) {
        claim.min = room.front().mean;
        claim.max = room.back().mean;
    }
    claim.slack = slack_of(frame.is_small, claim.min, claim.max, count);
    return {};
}

} // namespace

DigestError read_avl_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<avl_verbose_frame>(bytes, into, claim);
}

DigestError read_avl_small(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<avl_small_frame>(bytes, into, claim);
}

DigestError read_tree_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<tree_verbose_frame>(bytes, into, claim);
}

DigestError read_tree_small(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<tree_small_frame>(bytes, into, claim);
}

DigestError read_array_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<array_verbose_frame>(bytes, into, claim);
}

DigestError read_array_small(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<array_small_frame>(bytes, into, claim);
}

} // namespace agent::mabs
