// What a stream did, since the process began, and how far it is behind. Plain values.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace agent::tail {

// Why bytes of a file are in no record.
enum class Skip : std::uint8_t {
    hole,       // of a sparse file: never written
    truncated,  // cut short before they were read, and no copy has them
    bad_frame,  // behind an impossible length, or a frame without its end
    compressed, // a generation that came and went unseen; bytes as it is compressed
    gone,       // a file that was being read when the process ended, and that is nowhere now; bytes unknown
    refused,    // records that the broker will never take
};

inline constexpr std::size_t skip_count = 6;

constexpr std::string_view name_of(Skip skip) {
    constexpr std::array<std::string_view, skip_count> names{"hole",       "truncated", "bad_frame",
                                                             "compressed", "gone",      "refused"};
    return names[static_cast<std::size_t>(skip)];
}

// Durations in buckets that double, from a microsecond on.
class Durations {
  public:
    void add(std::int64_t us) {
        const auto at = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(us < 0 ? 0 : us)) * steps);
        const auto low = at == 0 ? 0 : std::uint64_t{1} << (at / steps - 1);
        const auto within = low == 0 ? 0 : (static_cast<std::uint64_t>(us) - low) * steps / low;
        ++counts_[std::min(at + static_cast<std::size_t>(within), counts_.size() - 1)];
        ++count_;
    }

    // The upper end of the bucket in which the share lies; 0 when there are none.
    std::uint64_t quantile_us(double share) const {
        std::uint64_t rest = static_cast<std::uint64_t>(static_cast<double>(count_) * share);
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > rest) {
                const auto low = i < steps ? 0 : std::uint64_t{1} << (i / steps - 1);
                return low + low * (i % steps + 1) / steps;
            }
            rest -= counts_[i];
        }
        return 0;
    }

  private:
    static constexpr std::size_t steps = 8; // to the double: within an eighth
    std::array<std::uint64_t, 40 * steps> counts_{};
    std::uint64_t count_ = 0;
};

struct Skipped {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
};

struct StreamStats {
    std::uint64_t read_bytes = 0;  // that became records or were skipped within a file
    std::uint64_t acked_bytes = 0; // of records that the brokers have
    std::uint64_t acked_records = 0;
    std::uint64_t read_failures = 0;
    std::uint64_t save_failures = 0;
    std::array<Skipped, skip_count> skipped{};
    Durations ack; // from hearing of new bytes until the brokers have them

    void skip(Skip reason, std::uint64_t bytes, std::uint64_t files = 0) {
        auto& to = skipped[static_cast<std::size_t>(reason)];
        to.bytes += bytes;
        to.files += files;
    }
};

} // namespace agent::tail
