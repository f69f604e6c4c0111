// The hash of a spelling: 64x64->128 bit multiplications folded to 64 bits, keyed with random numbers of this process
// so that a sender cannot choose colliding names. Not for storage: values differ from run to run. Pure; any thread.
#pragma once

#include "core/series.hpp"
#include "mabs/text.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace agent::aggregate {

class SpellingHash {
  public:
    using Key = std::array<std::uint64_t, 4>;

    explicit SpellingHash(const Key& key) : key_(key) {}

    std::uint64_t operator()(core::SeriesType type, std::string_view metric, std::string_view tail) const {
        const auto shape = (static_cast<std::uint64_t>(type) << 60) |
                           (static_cast<std::uint64_t>(metric.size()) << 32) |
                           tail.size(); // not into the texts' state: another type could undo another byte there
        return fold(text(tail, text(metric, key_[0])) ^ key_[3], shape ^ key_[1]);
    }

  private:
    __extension__ using Wide = unsigned __int128;

    static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t text(std::string_view bytes, std::uint64_t state) const {
        const char* at = bytes.data();
        std::size_t left = bytes.size();
        while (left > 16) {
            state = fold(mabs::load_u64(at) ^ key_[1], mabs::load_u64(at + 8) ^ state);
            at += 16;
            left -= 16;
        }
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        if (left >= 8) { // the two words overlap where there are fewer than 16 bytes
            first = mabs::load_u64(at);
            last = mabs::load_u64(at + left - 8);
        } else if (left >= 4) {
            first = mabs::load_u32(at);
            last = mabs::load_u32(at + left - 4);
        } else if (left > 0) {
            first = static_cast<unsigned char>(at[0]);
            last = (static_cast<std::uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8) |
                   static_cast<unsigned char>(at[left - 1]);
        }
        return fold(first ^ key_[2], last ^ state);
    }

    Key key_;
};

} // namespace agent::aggregate
