#include "core/clock.hpp"

#include <ctime>

#include <doctest/doctest.h>

namespace agent::core {
namespace {

TEST_CASE("the system clock counts Unix milliseconds") {
    const SystemClock clock;
    const auto before_ms = std::int64_t{std::time(nullptr)} * 1000;
    const auto now_ms = clock.unix_ms();
    const auto after_ms = (std::int64_t{std::time(nullptr)} + 1) * 1000;
    CHECK(now_ms >= before_ms - 1000); // time() may lag by a tick of the kernel
    CHECK(now_ms <= after_ms + 1000);
}

TEST_CASE("the steady clock never goes back") {
    const SystemClock clock;
    auto last_ms = clock.steady_ms();
    for (int i = 0; i < 1000; ++i) {
        const auto now_ms = clock.steady_ms();
        CHECK(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

} // namespace
} // namespace agent::core
