#include "journal/frame.hpp"

#include "journal/crc32c.hpp"
#include "journal/little_endian.hpp"

#include <cassert>

namespace agent::journal {

namespace {

constexpr std::size_t size_at = 4;
constexpr std::size_t sequence_at = 8;
constexpr std::size_t type_at = 16;
constexpr std::size_t crc_at = 20;

std::uint32_t crc_of(std::span<const std::byte> frame) {
    return crc32c(frame.subspan(frame_header_bytes), crc32c(frame.subspan(size_at, crc_at - size_at)));
}

bool is_known(std::uint8_t type) {
    return type == static_cast<std::uint8_t>(FrameType::record) || type == static_cast<std::uint8_t>(FrameType::deltas);
}

} // namespace

void finish_frame(std::span<std::byte> frame, FrameType type, std::uint64_t sequence) {
    assert(frame.size() >= frame_header_bytes && frame.size() - frame_header_bytes <= UINT32_MAX);
    store(frame.data(), frame_magic);
    store(frame.data() + size_at, static_cast<std::uint32_t>(frame.size() - frame_header_bytes));
    store(frame.data() + sequence_at, sequence);
    store(frame.data() + type_at, static_cast<std::uint32_t>(type)); // and the three zeros
    store(frame.data() + crc_at, crc_of(frame));
}

std::optional<FrameHeader> read_frame_header(std::span<const std::byte> bytes) {
    if (bytes.size() < frame_header_bytes || load<std::uint32_t>(bytes.data()) != frame_magic) {
        return std::nullopt;
    }
    const auto type = load<std::uint8_t>(bytes.data() + type_at);
    if (!is_known(type)) {
        return std::nullopt;
    }
    return FrameHeader{.type = static_cast<FrameType>(type),
                       .payload_bytes = load<std::uint32_t>(bytes.data() + size_at),
                       .sequence = load<std::uint64_t>(bytes.data() + sequence_at)};
}

std::optional<FrameHeader> read_frame(std::span<const std::byte> bytes) {
    const auto header = read_frame_header(bytes);
    if (!header || header->payload_bytes > bytes.size() - frame_header_bytes ||
        crc_of(bytes.first(frame_header_bytes + header->payload_bytes)) != load<std::uint32_t>(bytes.data() + crc_at)) {
        return std::nullopt;
    }
    return header;
}

} // namespace agent::journal
