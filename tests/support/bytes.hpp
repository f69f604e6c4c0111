// Bytes from text and back, and the frames of tests.
#pragma once

#include "journal/frame.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agent::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

inline Bytes frame_of(std::string_view payload, std::uint64_t sequence,
                      journal::FrameType type = journal::FrameType::record) {
    Bytes frame(journal::frame_header_bytes + payload.size());
    std::ranges::copy(std::as_bytes(std::span(payload)), frame.begin() + journal::frame_header_bytes);
    journal::finish_frame(frame, type, sequence);
    return frame;
}

inline void flip_bit(std::span<std::byte> bytes, std::size_t bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
}

} // namespace agent::test
