// How long the event loop worked at a stretch, from one look at the poller to the next: for so long a client that has
// just written may have to wait. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace agent::observe {

class BusyHistogram {
  public:
    static constexpr std::array<std::uint32_t, 8> bounds_ms{1, 2, 5, 10, 20, 50, 100, 1000};

    // One stretch: by the clock on the wall, and what the thread itself had of the processor meanwhile.
    void add(std::int64_t wall_ns, std::int64_t cpu_ns) {
        ++stretches_;
        for (std::size_t i = 0; i < bounds_ms.size() && wall_ns > std::int64_t{bounds_ms[i]} * 1'000'000; ++i) {
            ++over_[i];
        }
        longest_wall_ns_ = std::max(longest_wall_ns_, wall_ns);
        longest_cpu_ns_ = std::max(longest_cpu_ns_, cpu_ns);
    }

    std::uint64_t stretches() const { return stretches_; }

    // How many were longer than bounds_ms[i], on the wall.
    std::uint64_t over(std::size_t i) const { return over_[i]; }

    std::int64_t longest_wall_ns() const { return longest_wall_ns_; }
    std::int64_t longest_cpu_ns() const { return longest_cpu_ns_; }

  private:
    std::uint64_t stretches_ = 0;
    std::array<std::uint64_t, bounds_ms.size()> over_{};
    std::int64_t longest_wall_ns_ = 0;
    std::int64_t longest_cpu_ns_ = 0;
};

} // namespace agent::observe
