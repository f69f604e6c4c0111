// Scanning of text eight bytes at a time. No function reads outside the range it is given. Pure; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace agent::mabs {

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

inline std::uint64_t load_u64(const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

namespace detail {

inline constexpr std::uint64_t ones = 0x0101010101010101;
inline constexpr std::uint64_t highs = 0x8080808080808080;

// Marks (high bit set) the bytes of `word` below `bound` (at most 128). Only the lowest mark is certain: a borrow may
// mark bytes above it wrongly, which a search for the first one never sees.
constexpr std::uint64_t below(std::uint64_t word, std::uint64_t bound) {
    return (word - ones * bound) & ~word & highs;
}

} // namespace detail

// The first byte in [at, end) that is a blank or a control character (<= 0x20), or end.
inline const char* find_field_end(const char* at, const char* end) {
    if constexpr (std::endian::native == std::endian::little) {
        while (end - at >= 8) {
            if (const auto marks = detail::below(load_u64(at), 0x21); marks != 0) {
                return at + std::countr_zero(marks) / 8;
            }
            at += 8;
        }
    }
    while (at != end && static_cast<unsigned char>(*at) > 0x20) {
        ++at;
    }
    return at;
}

inline const char* skip_blanks(const char* at, const char* end) {
    while (at != end && is_blank(*at)) {
        ++at;
    }
    return at;
}

// Whether [at, at + count) are all decimal digits.
inline bool all_digits(const char* at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_digit(at[i])) {
            return false;
        }
    }
    return true;
}

} // namespace agent::mabs
