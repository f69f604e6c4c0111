// The entries of a frame (frame.hpp) of type `deltas`. Its payload is a u64 base time in ms and then entries, one
// behind the other; varints as in little_endian.hpp, doubles as their eight bytes:
//
//   u8 0x01  define:   varint series id, u8 series type, u8 is by-node, varint metric bytes, varint tail bytes, metric,
//   tail u8 0x02  counter:  head, signed varint value u8 0x03  gauge:    head, signed varint last timestamp - bucket
//   start, f64 last, min, max, sum u8 0x04  digest:   head, f64 compression, weight, min, max, sum, varint kept, varint
//   settled, varint centroids,
//                      then for each: f64 mean, varint weight
//   u8 0x05  resolution: varint ms; the first entry of each segment
//
// A head is varint series id, signed varint bucket start - base, varint lines. 0x80 added to the kind: the bucket
// begins with this entry. Series types: 0 counter, 1 gauge, 2 histogram. Pure; any thread.
#pragma once

#include "journal/delta_target.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent::journal {

class DeltaEncoder {
  public:
    // Appends to a payload, which grows.
    explicit DeltaEncoder(std::vector<std::byte>& payload) : payload_(payload) {}

    // Everything that follows is of this frame.
    void begin_frame(std::int64_t base_ms);

    void define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                std::string_view tail);
    void counter(const BucketHead& head, std::int64_t value);
    void gauge(const BucketHead& head, const GaugeDelta& gauge);
    void digest(const BucketHead& head, const DigestDelta& digest);
    void resolution(std::int64_t resolution_ms);

  private:
    std::byte* grow(std::size_t most);
    void shrink_to(const std::byte* end);
    std::byte* write_head(std::byte* to, std::uint8_t kind, const BucketHead& head) const;

    std::vector<std::byte>& payload_;
    std::int64_t base_ms_ = 0;
};

// What a replay does with the entries of a frame.
class DeltaReader {
  public:
    virtual ~DeltaReader() = default;
    virtual DeltaTarget& target() = 0;
    virtual bool wants(const BucketHead& head) = 0; // false: the entry is contained in a record
    virtual void resolution(std::int64_t resolution_ms) = 0;
};

// Hands every entry on; false where one is not as it should be: the rest of the frame is skipped.
bool read_deltas(std::span<const std::byte> payload, DeltaReader& reader);

} // namespace agent::journal
