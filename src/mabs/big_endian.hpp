// Numbers as Java writes them: big-endian. The caller has checked that the bytes are there. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace agent::mabs::big_endian {

template <typename Bits>
constexpr Bits swapped(Bits bits) {
    static_assert(sizeof(Bits) == 2 || sizeof(Bits) == 4 || sizeof(Bits) == 8);
    if constexpr (std::endian::native == std::endian::big)
        return bits;
    else if constexpr (sizeof(Bits) == 2)
        return __builtin_bswap16(bits);
    else if constexpr (sizeof(Bits) == 4)
        return __builtin_bswap32(bits);
    else
        return __builtin_bswap64(bits);
}

template <typename Bits>
Bits load(const std::byte* at) {
    Bits bits;
    std::memcpy(&bits, at, sizeof bits);
    return swapped(bits);
}

inline std::int16_t load_int16(const std::byte* at) {
    return static_cast<std::int16_t>(load<std::uint16_t>(at));
}
inline std::int32_t load_int32(const std::byte* at) {
    return static_cast<std::int32_t>(load<std::uint32_t>(at));
}
inline float load_float(const std::byte* at) {
    return std::bit_cast<float>(load<std::uint32_t>(at));
}
inline double load_double(const std::byte* at) {
    return std::bit_cast<double>(load<std::uint64_t>(at));
}

// Each gives where the next one goes.
template <typename Bits>
std::byte* store(std::byte* at, Bits bits) {
    bits = swapped(bits);
    std::memcpy(at, &bits, sizeof bits);
    return at + sizeof bits;
}

inline std::byte* store_int16(std::byte* at, std::int16_t value) {
    return store(at, static_cast<std::uint16_t>(value));
}
inline std::byte* store_int32(std::byte* at, std::int32_t value) {
    return store(at, static_cast<std::uint32_t>(value));
}
inline std::byte* store_float(std::byte* at, float value) {
    return store(at, std::bit_cast<std::uint32_t>(value));
}
inline std::byte* store_double(std::byte* at, double value) {
    return store(at, std::bit_cast<std::uint64_t>(value));
}

} // namespace agent::mabs::big_endian
