#include "observe/busy_histogram.hpp"

#include <doctest/doctest.h>

namespace agent::observe {
namespace {

constexpr std::int64_t ms = 1'000'000;

TEST_CASE("stretches are counted by how long they were, on the wall") {
    BusyHistogram histogram;
    for (const auto wall_ns : {std::int64_t{0}, 1 * ms, 1 * ms + 1, 10 * ms, 10 * ms + 1, 3000 * ms}) {
        histogram.add(wall_ns, wall_ns / 2);
    }
    CHECK(histogram.stretches() == 6);
    CHECK(histogram.over(0) == 4); // 1 ms
    CHECK(histogram.over(2) == 3); // 5 ms
    CHECK(histogram.over(3) == 2); // 10 ms: not the one of exactly that
    CHECK(histogram.over(4) == 1); // 20 ms
    CHECK(histogram.over(7) == 1); // 1000 ms
}

TEST_CASE("the longest ones are kept, each by its own clock") {
    BusyHistogram histogram;
    CHECK(histogram.longest_wall_ns() == 0);
    histogram.add(5 * ms, 4 * ms);
    histogram.add(20 * ms, 1 * ms); // somebody else had the processor
    histogram.add(3 * ms, 2 * ms);
    CHECK(histogram.longest_wall_ns() == 20 * ms);
    CHECK(histogram.longest_cpu_ns() == 4 * ms);
}

} // namespace
} // namespace agent::observe
