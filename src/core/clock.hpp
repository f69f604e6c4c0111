// Time as the rooms see it. Tests move a fake one (tests/support/fake_clock.hpp).
#pragma once

#include <chrono>
#include <cstdint>

namespace agent::core {

class Clock {
  public:
    virtual ~Clock() = default;

    // Unix time in milliseconds: for timestamps and buckets. May jump.
    virtual std::int64_t unix_ms() const = 0;

    // Milliseconds since an arbitrary start: for intervals and deadlines. Never goes back.
    virtual std::int64_t steady_ms() const = 0;
};

class SystemClock final : public Clock {
  public:
    std::int64_t unix_ms() const override {
        using namespace std::chrono;
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    }

    std::int64_t steady_ms() const override {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    }
};

} // namespace agent::core
