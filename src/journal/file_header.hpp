// The first 80 bytes of every journal file. All numbers are little-endian.
//
//   0  u8[8]   "MABSJRNL"
//   8  u16     version of the format, 1
//  10  u8      kind
//  11  u8[5]   zeros
//  16  u64     number: of a delta segment the number of its first frame, of records the file's number in its topic
//  24  u64     the last delta frame that had been closed when the file was made
//  32  u8[36]  the run that made it, as text
//  68  u64     the last series id that had been given when the file was made
//  76  u32     CRC32C of bytes 0 to 75
//
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace agent::journal {

enum class FileKind : std::uint8_t { deltas = 1, records = 2, dead_letters = 3 };

inline constexpr std::size_t file_header_bytes = 80;
inline constexpr std::uint16_t format_version = 1;

struct FileHeader {
    FileKind kind = FileKind::deltas;
    std::uint64_t number = 0;
    std::uint64_t last_closed_frame = 0;
    std::string run; // 36 bytes, or fewer
    std::uint64_t last_series_id = 0;
};

enum class HeaderCheck : std::uint8_t {
    good,
    newer,   // of a version that this program does not know: leave the file to one that does
    damaged, // too short, not ours, or a wrong CRC
};

std::array<std::byte, file_header_bytes> encode(const FileHeader& header);
HeaderCheck decode(std::span<const std::byte> bytes, FileHeader& out);

} // namespace agent::journal
