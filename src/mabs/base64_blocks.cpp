#include "mabs/base64_blocks.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace agent::mabs::base64 {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using Values = std::array<unsigned char, 256>;

constexpr Values make_values() {
    Values values{};
    values.fill(invalid);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<unsigned char>(i);
    return values;
}

constexpr Values values = make_values();

// For each place in a group of four, the character's bits where they belong in the 24 that come out; the highest bit
// set for what is no character of the alphabet.
constexpr std::uint32_t bad = 0x80000000;
using Shifted = std::array<std::uint32_t, 256>;

constexpr Shifted make_shifted(int shift) {
    Shifted shifted{};
    for (std::size_t c = 0; c < shifted.size(); ++c)
        shifted[c] = values[c] == invalid ? bad : std::uint32_t{values[c]} << shift;
    return shifted;
}

constexpr std::array<Shifted, 4> shifted{make_shifted(18), make_shifted(12), make_shifted(6), make_shifted(0)};

#if defined(__x86_64__)

// Vectors classify a character by its two halves. Each high half belongs to a class of halves that allow the same low
// halves; a character is wrong if the bit of its class is set in the entry of its low half.
enum HighClass : unsigned char { sign = 1, digit = 2, letters_from_one = 4, letters_to_ten = 8, never = 16 };

using Half = std::array<std::int8_t, 16>;

constexpr unsigned char class_of_high(std::size_t high) {
    switch (high) {
    case 0x2: return sign;  // + /
    case 0x3: return digit; // 0 to 9
    case 0x4:
    case 0x6: return letters_from_one; // A to O, a to o
    case 0x5:
    case 0x7: return letters_to_ten; // P to Z, p to z
    default: return never;
    }
}

constexpr Half make_classes() {
    Half classes{};
    for (std::size_t high = 0; high < classes.size(); ++high)
        classes[high] = static_cast<std::int8_t>(class_of_high(high));
    return classes;
}

constexpr Half make_wrong_classes() {
    Half wrong{};
    for (std::size_t low = 0; low < wrong.size(); ++low) {
        unsigned char bits = never;
        for (std::size_t high = 2; high < 8; ++high)
            if (values[high * 16 + low] == invalid) bits |= class_of_high(high);
        wrong[low] = static_cast<std::int8_t>(bits);
    }
    return wrong;
}

// What to add to a character to get its value, by the high half; `/` shares its half with `+` and takes entry 1.
constexpr Half make_offsets() {
    Half offsets{};
    constexpr std::array<char, 8> samples{0, '/', '+', '0', 'A', 'P', 'a', 'p'};
    for (std::size_t i = 1; i < samples.size(); ++i)
        offsets[i] = static_cast<std::int8_t>(values[static_cast<unsigned char>(samples[i])] - samples[i]);
    return offsets;
}

alignas(16) constexpr Half classes = make_classes();
alignas(16) constexpr Half wrong_classes = make_wrong_classes();
alignas(16) constexpr Half offsets = make_offsets();

// The bytes of each 24 bits, which lie the wrong way round in 32, pushed together; 0x80 gives 0.
alignas(16) constexpr Half gather{2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -128, -128, -128, -128};

const __m128i* vector(const Half& half) {
    return reinterpret_cast<const __m128i*>(half.data());
}

__attribute__((target("ssse3"))) std::size_t ssse3(std::string_view text, std::byte* out) {
    const __m128i class_table = _mm_load_si128(vector(classes));
    const __m128i wrong_table = _mm_load_si128(vector(wrong_classes));
    const __m128i offset_table = _mm_load_si128(vector(offsets));
    const __m128i order = _mm_load_si128(vector(gather));
    const __m128i low_half = _mm_set1_epi8(0x0f);
    const __m128i slash = _mm_set1_epi8('/');
    std::size_t done = 0;
    // 16 bytes are stored for 12 that count: six more characters make sure that there is room.
    for (; text.size() - done >= 22; done += 16, out += 12) {
        const __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + done));
        const __m128i high = _mm_and_si128(_mm_srli_epi32(in, 4), low_half);
        const __m128i low = _mm_and_si128(in, low_half);
        const __m128i wrong = _mm_and_si128(_mm_shuffle_epi8(class_table, high), _mm_shuffle_epi8(wrong_table, low));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) != 0xffff) break;
        const __m128i entry = _mm_add_epi8(high, _mm_cmpeq_epi8(in, slash));
        const __m128i sextets = _mm_add_epi8(in, _mm_shuffle_epi8(offset_table, entry));
        const __m128i pairs = _mm_maddubs_epi16(sextets, _mm_set1_epi32(0x01400140)); // 2 x 6 bits in each 16
        const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));     // 4 x 6 bits in each 32
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(groups, order));
    }
    return done;
}

__attribute__((target("avx2"))) std::size_t avx2(std::string_view text, std::byte* out) {
    const __m256i class_table = _mm256_broadcastsi128_si256(_mm_load_si128(vector(classes)));
    const __m256i wrong_table = _mm256_broadcastsi128_si256(_mm_load_si128(vector(wrong_classes)));
    const __m256i offset_table = _mm256_broadcastsi128_si256(_mm_load_si128(vector(offsets)));
    const __m256i order = _mm256_broadcastsi128_si256(_mm_load_si128(vector(gather)));
    const __m256i low_half = _mm256_set1_epi8(0x0f);
    const __m256i slash = _mm256_set1_epi8('/');
    std::size_t done = 0;
    // 28 bytes are touched for 24 that count: six more characters make sure that there is room.
    for (; text.size() - done >= 38; done += 32, out += 24) {
        const __m256i in = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + done));
        const __m256i high = _mm256_and_si256(_mm256_srli_epi32(in, 4), low_half);
        const __m256i low = _mm256_and_si256(in, low_half);
        const __m256i classed = _mm256_shuffle_epi8(class_table, high);
        if (!_mm256_testz_si256(classed, _mm256_shuffle_epi8(wrong_table, low))) break;
        const __m256i entry = _mm256_add_epi8(high, _mm256_cmpeq_epi8(in, slash));
        const __m256i sextets = _mm256_add_epi8(in, _mm256_shuffle_epi8(offset_table, entry));
        const __m256i pairs = _mm256_maddubs_epi16(sextets, _mm256_set1_epi32(0x01400140));
        const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
        const __m256i bytes = _mm256_shuffle_epi8(groups, order);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 12), _mm256_extracti128_si256(bytes, 1));
    }
    return done + ssse3(text.substr(done), out);
}

#endif

} // namespace

unsigned char value_of(unsigned char character) {
    return values[character];
}

std::size_t decode_blocks_plain(std::string_view text, std::byte* out) {
    std::size_t done = 0;
    for (; text.size() - done >= 4; done += 4, out += 3) {
        const auto at = [&](std::size_t i) { return shifted[i][static_cast<unsigned char>(text[done + i])]; };
        const std::uint32_t bits = at(0) | at(1) | at(2) | at(3);
        if ((bits & bad) != 0) break;
        out[0] = static_cast<std::byte>(bits >> 16);
        out[1] = static_cast<std::byte>(bits >> 8);
        out[2] = static_cast<std::byte>(bits);
    }
    return done;
}

DecodeBlocks decode_blocks_ssse3() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) return ssse3;
#endif
    return nullptr;
}

DecodeBlocks decode_blocks_avx2() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return avx2;
#endif
    return nullptr;
}

DecodeBlocks decode_blocks_best() {
    if (const DecodeBlocks blocks = decode_blocks_avx2()) return blocks;
    if (const DecodeBlocks blocks = decode_blocks_ssse3()) return blocks;
    return decode_blocks_plain;
}

} // namespace agent::mabs::base64
