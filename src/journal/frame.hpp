// Frames, of which every journal file is made behind its header. All numbers are little-endian.
//
//   0  u32  magic 0x4D464A4D, "MJFM"
//   4  u32  payload bytes
//   8  u64  sequence: of a record its seq, of deltas the frame's number
//  16  u8   type
//  17  u8   three zeros
//  20  u32  CRC32C of bytes 4 to 19 and the payload
//  24       payload
//
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace agent::journal {

enum class FrameType : std::uint8_t {
    record = 1, // one finished Kafka record (record_frame.hpp)
    deltas = 2, // what changed in the open buckets during one tick (delta_entry.hpp)
};

inline constexpr std::size_t frame_header_bytes = 24;
inline constexpr std::uint32_t frame_magic = 0x4D464A4D;

struct FrameHeader {
    FrameType type = FrameType::record;
    std::uint32_t payload_bytes = 0;
    std::uint64_t sequence = 0;
};

// Writes the header, its CRC included, in front of a payload that is there already: frame is header and payload.
void finish_frame(std::span<std::byte> frame, FrameType type, std::uint64_t sequence);

// What stands at the front of `bytes`; none unless it is a whole frame of a known type with the right CRC.
std::optional<FrameHeader> read_frame(std::span<const std::byte> bytes);

// The header alone, unchecked but for magic and type: how many bytes the frame claims to have.
std::optional<FrameHeader> read_frame_header(std::span<const std::byte> bytes);

} // namespace agent::journal
