// A clock that stands still until the test moves it.
#pragma once

#include "core/clock.hpp"

#include <cstdint>

namespace agent::test {

class FakeClock final : public core::Clock {
  public:
    static constexpr std::int64_t start_unix_ms = 1'763'750'431'250; // 2025-11-21 18:40:31.250 UTC

    std::int64_t unix_ms() const override { return unix_ms_; }
    std::int64_t steady_ms() const override { return steady_ms_; }

    void advance(std::int64_t duration_ms) {
        unix_ms_ += duration_ms;
        steady_ms_ += duration_ms;
    }

    // As an administrator does it: only the wall clock jumps.
    void set_unix_ms(std::int64_t unix_ms) { unix_ms_ = unix_ms; }

  private:
    std::int64_t unix_ms_ = start_unix_ms;
    std::int64_t steady_ms_ = 5'000;
};

} // namespace agent::test
