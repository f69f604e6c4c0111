#include "mabs/big_endian.hpp"
#include "mabs/digest_readers.hpp"

#include <algorithm>
#include <cmath>

namespace agent::mabs {

namespace {

constexpr std::size_t min_at = 4;
constexpr std::size_t max_at = 12;
constexpr std::size_t compression_at = 20;

// Where a layout has what differs between the four.
struct Frame {
    DigestLayout layout;
    bool is_small; // pairs and compression are floats, the counter is a short
    bool compression_is_float;
    std::size_t counter_at;
    std::size_t header_bytes;
    int uncounted_pairs;               // written beyond what the counter says
    std::size_t second_compression_at; // where it stands again; 0: nowhere
};

constexpr Frame verbose_frame{DigestLayout::merging_verbose, false, false, 28, 32, 0, 0};
constexpr Frame small_frame{DigestLayout::merging_small, true, true, 28, 30, 0, 0};
// Release 3.1 counts to the last pair, not to its end.
constexpr Frame verbose_3_1_frame{DigestLayout::merging_verbose_3_1, false, true, 36, 40, 1, 24};
constexpr Frame small_3_1_frame{DigestLayout::merging_small_3_1, true, true, 28, 30, 1, 0};

// The library adds up means in doubles; small ones are then rounded to floats, which min and max are not.
double slack_of(bool is_small, double min, double max) {
    const double largest = std::max(std::abs(min), std::abs(max));
    return is_small ? std::ldexp(largest, -23) + std::ldexp(1.0, -149) : 1e-12 * largest;
}

void read_pairs_of_doubles(const std::byte* at, std::span<Centroid> out) {
    for (Centroid& centroid : out) {
        centroid = {big_endian::load_double(at + 8), big_endian::load_double(at)};
        at += 16;
    }
}

void read_pairs_of_floats(const std::byte* at, std::span<Centroid> out) {
    for (Centroid& centroid : out) {
        centroid = {big_endian::load_float(at + 4), big_endian::load_float(at)};
        at += 8;
    }
}

template <Frame frame>
DigestError read(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    if (bytes.size() < frame.header_bytes)
        return {DigestFault::too_short, frame.layout, 0, static_cast<double>(bytes.size())};
    const std::byte* const counter = bytes.data() + frame.counter_at;
    // 64 bits: 16 * 2^28 is 0 in 32.
    const std::int64_t counted = frame.is_small ? big_endian::load_int16(counter) : big_endian::load_int32(counter);
    if (counted < 0) return {DigestFault::negative_count, frame.layout, 0, static_cast<double>(counted)};
    const auto pairs = static_cast<std::size_t>(counted + frame.uncounted_pairs);
    constexpr std::size_t pair_bytes = frame.is_small ? 8 : 16;
    if (pairs > (bytes.size() - frame.header_bytes) / pair_bytes)
        return {DigestFault::count_beyond_bytes, frame.layout, 0, static_cast<double>(pairs)};

    claim.min = big_endian::load_double(bytes.data() + min_at);
    claim.max = big_endian::load_double(bytes.data() + max_at);
    claim.has_ends = true;
    claim.slack = slack_of(frame.is_small, claim.min, claim.max);
    // Behind it small layouts have capacities, which wrap at large compressions and tell nothing.
    const std::byte* const compression = bytes.data() + compression_at;
    claim.compression =
        frame.compression_is_float ? big_endian::load_float(compression) : big_endian::load_double(compression);
    // Release 3.1 writes it twice, which tells its digests from the beginnings of others.
    if (frame.second_compression_at != 0 &&
        big_endian::load_float(bytes.data() + frame.second_compression_at) != claim.compression)
        return {DigestFault::bad_compression, frame.layout, 0, claim.compression};
    claim.used_bytes = frame.header_bytes + pairs * pair_bytes;

    const std::span<Centroid> room = into.overwrite(pairs);
    if constexpr (frame.is_small)
        read_pairs_of_floats(bytes.data() + frame.header_bytes, room);
    else
        read_pairs_of_doubles(bytes.data() + frame.header_bytes, room);
    // What is cut off or padded to this length may look like an empty digest of this layout, but for min and max.
    if (frame.layout == DigestLayout::merging_small && pairs == 0 &&
        (std::isnormal(claim.min) || std::isnormal(claim.max)))
        return {DigestFault::empty_with_ends, frame.layout, 0, claim.max};
    // The empty digest of 3.1 has its one pair, too, and the largest doubles where others have infinities.
    if (frame.uncounted_pairs != 0 && pairs == 1 && room[0] == Centroid{0, 0} && std::isfinite(claim.min))
        into.overwrite(0);
    return {};
}

} // namespace

DigestError read_merging_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<verbose_frame>(bytes, into, claim);
}

DigestError read_merging_small(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<small_frame>(bytes, into, claim);
}

DigestError read_merging_verbose_3_1(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<verbose_3_1_frame>(bytes, into, claim);
}

DigestError read_merging_small_3_1(DigestBytes bytes, TDigest& into, DigestClaim& claim) {
    return read<small_3_1_frame>(bytes, into, claim);
}

} // namespace agent::mabs
