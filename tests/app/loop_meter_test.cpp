// What counts as one stretch of work: everything between two looks at the poller.
#include "app/loop_meter.hpp"

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <doctest/doctest.h>

namespace agent::app {
namespace {

constexpr std::int64_t ms = 1'000'000;

void work_for(std::chrono::milliseconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) {
    }
}

struct World {
    boost::asio::io_context io{1};
    LoopMeter meter{io};

    std::function<void()> handler(std::chrono::milliseconds duration) {
        return [this, duration] {
            meter.handler_begins();
            work_for(duration);
        };
    }
};

TEST_CASE("a loop that never worked was never busy") {
    World world;
    world.io.run();
    CHECK(world.meter.histogram().stretches() == 0);
}

TEST_CASE("handlers that are ready together are one stretch, and its length is theirs") {
    World world;
    for (int i = 0; i < 3; ++i) {
        boost::asio::post(world.io, world.handler(std::chrono::milliseconds(4)));
    }
    world.io.run();
    CHECK(world.meter.histogram().stretches() == 1);
    CHECK(world.meter.histogram().longest_wall_ns() >= 12 * ms);
    CHECK(world.meter.histogram().over(3) == 1);
}

TEST_CASE("a handler that posts itself begins a stretch each time") {
    World world;
    int left = 5;
    std::function<void()> again = [&] {
        world.meter.handler_begins();
        work_for(std::chrono::milliseconds(2));
        if (--left > 0) {
            boost::asio::post(world.io, again);
        }
    };
    boost::asio::post(world.io, again);
    world.io.run();
    CHECK(world.meter.histogram().stretches() == 5);
    CHECK(world.meter.histogram().over(0) == 5);
}

TEST_CASE("sleeping is not work") {
    World world;
    boost::asio::steady_timer timer(world.io, std::chrono::milliseconds(60));
    boost::asio::post(world.io, world.handler(std::chrono::milliseconds(1)));
    timer.async_wait([&](boost::system::error_code) { world.handler(std::chrono::milliseconds(1))(); });
    world.io.run();
    CHECK(world.meter.histogram().stretches() == 2);
    CHECK(world.meter.histogram().longest_cpu_ns() < 40 * ms);
}

} // namespace
} // namespace agent::app
