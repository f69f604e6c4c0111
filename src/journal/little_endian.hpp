// Numbers as they stand in journal files: little-endian, and varints of seven bits a byte, the lowest first (signed
// ones zigzag: 0, -1, 1, -2, ...). Reading never passes the end: it answers false. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace agent::journal {

static_assert(std::endian::native == std::endian::little, "the journal's files are written as memory has them");

template <typename T>
T load(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <typename T>
void store(std::byte* to, T value) {
    std::memcpy(to, &value, sizeof value);
}

inline std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

inline std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

inline constexpr std::size_t max_varint_bytes = 10;

// Writes at `to`, which has room for max_varint_bytes; returns what follows it.
inline std::byte* write_varint(std::byte* to, std::uint64_t value) {
    while (value >= 0x80) {
        *to++ = static_cast<std::byte>(value | 0x80);
        value >>= 7;
    }
    *to++ = static_cast<std::byte>(value);
    return to;
}

// Takes numbers and bytes from the front of a span.
class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }
    std::size_t size() const { return rest_.size(); }

    template <typename T>
    bool read(T& out) {
        if (rest_.size() < sizeof(T)) {
            return false;
        }
        out = load<T>(rest_.data());
        rest_ = rest_.subspan(sizeof(T));
        return true;
    }

    bool read_varint(std::uint64_t& out) {
        out = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(rest_.front());
            rest_ = rest_.subspan(1);
            if (shift == 63 && byte > 1) {
                return false;
            }
            out |= (byte & 0x7F) << shift;
            if (byte < 0x80) {
                return true;
            }
        }
        return false;
    }

    bool read_signed(std::int64_t& out) {
        std::uint64_t value = 0;
        const bool is_there = read_varint(value);
        out = unzigzag(value);
        return is_there;
    }

    bool read_text(std::size_t size, std::string_view& out) {
        if (rest_.size() < size) {
            return false;
        }
        out = {reinterpret_cast<const char*>(rest_.data()), size};
        rest_ = rest_.subspan(size);
        return true;
    }

  private:
    std::span<const std::byte> rest_;
};

} // namespace agent::journal
