#include "journal/file_header.hpp"

#include "journal/crc32c.hpp"
#include "journal/little_endian.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string_view>

namespace agent::journal {

namespace {

constexpr std::string_view file_magic = "MABSJRNL";
constexpr std::size_t version_at = 8;
constexpr std::size_t kind_at = 10;
constexpr std::size_t number_at = 16;
constexpr std::size_t last_closed_frame_at = 24;
constexpr std::size_t run_at = 32;
constexpr std::size_t run_bytes = 36;
constexpr std::size_t last_series_id_at = 68;
constexpr std::size_t crc_at = 76;

bool is_known(std::uint8_t kind) {
    return kind >= static_cast<std::uint8_t>(FileKind::deltas) &&
           kind <= static_cast<std::uint8_t>(FileKind::dead_letters);
}

} // namespace

std::array<std::byte, file_header_bytes> encode(const FileHeader& header) {
    assert(header.run.size() <= run_bytes);
    std::array<std::byte, file_header_bytes> bytes{};
    std::memcpy(bytes.data(), file_magic.data(), file_magic.size());
    store(bytes.data() + version_at, format_version);
    store(bytes.data() + kind_at, header.kind);
    store(bytes.data() + number_at, header.number);
    store(bytes.data() + last_closed_frame_at, header.last_closed_frame);
    std::memcpy(bytes.data() + run_at, header.run.data(), std::min(header.run.size(), run_bytes));
    store(bytes.data() + last_series_id_at, header.last_series_id);
    store(bytes.data() + crc_at, crc32c(std::span(bytes).first(crc_at)));
    return bytes;
}

HeaderCheck decode(std::span<const std::byte> bytes, FileHeader& out) {
    if (bytes.size() < file_header_bytes || std::memcmp(bytes.data(), file_magic.data(), file_magic.size()) != 0 ||
        crc32c(bytes.first(crc_at)) != load<std::uint32_t>(bytes.data() + crc_at)) {
        return HeaderCheck::damaged; // before the version: a flipped bit makes no newer file
    }
    const auto version = load<std::uint16_t>(bytes.data() + version_at);
    if (version > format_version) {
        return HeaderCheck::newer;
    }
    const auto kind = load<std::uint8_t>(bytes.data() + kind_at);
    if (version == 0 || !is_known(kind)) {
        return HeaderCheck::damaged;
    }
    out.kind = static_cast<FileKind>(kind);
    out.number = load<std::uint64_t>(bytes.data() + number_at);
    out.last_closed_frame = load<std::uint64_t>(bytes.data() + last_closed_frame_at);
    out.last_series_id = load<std::uint64_t>(bytes.data() + last_series_id_at);
    const auto* run = reinterpret_cast<const char*>(bytes.data() + run_at);
    out.run.assign(run, std::find(run, run + run_bytes, '\0'));
    return HeaderCheck::good;
}

} // namespace agent::journal
