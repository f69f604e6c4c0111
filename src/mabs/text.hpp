// Scanning of text eight or sixteen bytes at a time. No function reads outside the range it is given. Pure; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

inline std::uint32_t load_u32(const char* at) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// The first `size` bytes (1 to 8) from `at` on, the first in the lowest byte; the rest is 0.
inline std::uint64_t load_short(const char* at, std::size_t size) {
    if (size == 8) {
        return load_u64(at);
    }
    if (size >= 4) { // the two words overlap where there are fewer than 8 bytes
        return load_u32(at) | (static_cast<std::uint64_t>(load_u32(at + size - 4)) << (8 * (size - 4)));
    }
    const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
    return byte(0) | (byte(size / 2) << (8 * (size / 2))) | (byte(size - 1) << (8 * (size - 1)));
}

namespace detail {

inline constexpr std::uint64_t ones = 0x0101010101010101;
inline constexpr std::uint64_t highs = 0x8080808080808080;

// Marks (high bit set) the bytes of `word` below `bound` (at most 128). Only the lowest mark is certain: a borrow may
// mark bytes above it wrongly, which a search for the first one never sees.
constexpr std::uint64_t below(std::uint64_t word, std::uint64_t bound) {
    return (word - ones * bound) & ~word & highs;
}

// Marks the zero bytes; again only the lowest mark is certain.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
    return below(word, 1);
}

} // namespace detail

// The first byte in [at, end) that is a blank or a control character (<= 0x20), or end.
inline const char* find_field_end(const char* at, const char* end) {
#ifdef __SSE2__
    const auto blank = _mm_set1_epi8(0x20);
    while (end - at >= 16) {
        const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const auto marks = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(block, blank), blank)));
        if (marks != 0) {
            return at + std::countr_zero(marks);
        }
        at += 16;
    }
#endif
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

// Whether all eight bytes of a word are decimal digits.
constexpr bool are_digits(std::uint64_t word) {
    // The high half of each byte must be 3, and stay so when 6 is added.
    return ((word & 0xF0F0F0F0F0F0F0F0) | (((word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) ==
           0x3333333333333333;
}

// The number that eight digits make, the first in the lowest byte: pairs, then fours, then all.
constexpr std::uint32_t digits_value(std::uint64_t word) {
    word = (word & 0x0F0F0F0F0F0F0F0F) * ((10 << 8) + 1) >> 8;
    word = (word & 0x00FF00FF00FF00FF) * ((100 << 16) + 1) >> 16;
    return static_cast<std::uint32_t>((word & 0x0000FFFF0000FFFF) * ((std::uint64_t{10000} << 32) + 1) >> 32);
}

// `size` digits (1 to 8) moved behind zeros, for the two functions above.
constexpr std::uint64_t pad_digits(std::uint64_t word, std::size_t size) {
    return size == 8 ? word : (word << (8 * (8 - size))) | (0x3030303030303030 >> (8 * size));
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
