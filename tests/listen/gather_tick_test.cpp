#include "listen/gather_tick.hpp"

#include <array>
#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

using namespace agent;

namespace {

boost::asio::awaitable<void> count_beats(listen::GatherTick& tick, int& beats,
                                         std::chrono::steady_clock::time_point end) {
    while (std::chrono::steady_clock::now() < end) {
        co_await tick.next();
        ++beats;
    }
}

} // namespace

// Whoever waits for the beat must not be woken by somebody else who begins to wait: then ten clients that write line by
// line would cost ten times as many wake-ups as one. However slow the machine is, there are never more beats than this.
TEST_CASE("many that wait for the beat share it") {
    boost::asio::io_context io(1);
    listen::GatherTick tick(io.get_executor());
    constexpr int duration_ms = 100;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(duration_ms);
    std::array<int, 10> beats{};
    for (auto& count : beats) {
        boost::asio::co_spawn(io, count_beats(tick, count, end), boost::asio::detached);
    }
    io.run();
    for (const int count : beats) {
        CHECK(count >= 1);
        CHECK(count <= duration_ms / core::limits::gather_ms + 1);
    }
}
