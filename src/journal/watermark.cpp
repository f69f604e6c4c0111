#include "journal/watermark.hpp"

#include "journal/crc32c.hpp"
#include "journal/little_endian.hpp"

#include <cstring>
#include <string_view>

namespace agent::journal {

namespace {

constexpr std::string_view magic = "MABSWMRK";
constexpr std::size_t number_at = 8;
constexpr std::size_t seq_at = 16;
constexpr std::size_t crc_at = 24;

} // namespace

std::array<std::byte, watermark_bytes> encode(const Watermark& watermark) {
    std::array<std::byte, watermark_bytes> bytes{};
    std::memcpy(bytes.data(), magic.data(), magic.size());
    store(bytes.data() + number_at, watermark.number);
    store(bytes.data() + seq_at, watermark.seq);
    store(bytes.data() + crc_at, crc32c(std::span(bytes).first(crc_at)));
    return bytes;
}

bool decode(std::span<const std::byte> bytes, Watermark& out) {
    if (bytes.size() < watermark_bytes || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0 ||
        crc32c(bytes.first(crc_at)) != load<std::uint32_t>(bytes.data() + crc_at)) {
        return false;
    }
    out = {load<std::uint64_t>(bytes.data() + number_at), load<std::uint64_t>(bytes.data() + seq_at)};
    return true;
}

} // namespace agent::journal
