// Where a topic's queue begins, for the next process: OUTBOX/<topic>/watermark, 28 bytes, little-endian.
//
//   0  u8[8]  "MABSWMRK"
//   8  u64    file number: files numbered below are answered
//  16  u64    seq: of that file the records up to it are answered
//  24  u32    CRC32C of bytes 0 to 23
//
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace agent::journal {

struct Watermark {
    std::uint64_t number = 0;
    std::uint64_t seq = 0;

    static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

    // Of a file: up to which seq its records are answered; `all`: none of it is wanted any more.
    std::uint64_t answered_in(std::uint64_t file_number) const {
        if (file_number < number) {
            return all;
        }
        return file_number == number ? seq : 0;
    }

    friend bool operator==(const Watermark&, const Watermark&) = default;
};

inline constexpr std::size_t watermark_bytes = 28;

std::array<std::byte, watermark_bytes> encode(const Watermark& watermark);
bool decode(std::span<const std::byte> bytes, Watermark& out); // false: damaged, `out` is as it was

} // namespace agent::journal
