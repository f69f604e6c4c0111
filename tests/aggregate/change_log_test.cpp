// What the journal is told of open buckets: one entry for each that changed, however often.
#include "aggregate/change_log.hpp"

#include "support/aggregator_rig.hpp"
#include "support/delta_pipe.hpp"
#include "support/digest_text.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using test::AggregatorRig;
using test::DeltaPipe;

struct World {
    DeltaPipe pipe;
    AggregatorRig rig{test::rig_options(), &pipe};

    // How many entries it took.
    std::size_t tick() {
        const auto before = pipe.entries;
        CHECK(rig.aggregator.changes().write(1 << 20));
        CHECK(rig.aggregator.changes().empty());
        pipe.close_frame();
        return pipe.entries - before;
    }
};

TEST_CASE("a thousand lines of one series are one entry, and none where nothing changed") {
    World world;
    CHECK(world.rig.aggregator.changes().empty());
    for (int i = 0; i < 1000; ++i) {
        world.rig.line("mabs c m 1");
    }
    CHECK(!world.rig.aggregator.changes().empty());
    CHECK(world.tick() == 1);
    CHECK(world.tick() == 0);
    CHECK(world.pipe.frames.size() == 1);
    CHECK(world.pipe.frames[0].payload.size() < 40);
    world.rig.line("mabs c m 1");
    CHECK(world.tick() == 1);
    CHECK(world.pipe.definitions == 1); // it holds for the segment
    world.pipe.rotate();
    world.rig.line("mabs c m 1");
    CHECK(world.tick() == 1);
    CHECK(world.pipe.definitions == 2);
}

TEST_CASE("each changed bucket is an entry: older ones and the by-node twin too") {
    World world;
    const auto now_ms = world.rig.clock.unix_ms();
    world.rig.line("mabs g m " + std::to_string(now_ms) + " 1 by_node=True");
    world.rig.line("mabs g m " + std::to_string(now_ms - 60'000) + " 2 by_node=True");
    CHECK(world.tick() == 4);
    world.rig.line("mabs g m " + std::to_string(now_ms - 60'000) + " 3");
    CHECK(world.tick() == 1);
    CHECK(world.rig.line("mabs g wrong x").reason != core::RejectReason::none);
    CHECK(world.rig.line("put p 1763750431 1 a=b").reason == core::RejectReason::none); // has no bucket
    CHECK(world.tick() == 0);
}

TEST_CASE("what was sealed before the tick is not written") {
    World world;
    world.rig.line("mabs c m 1");
    world.rig.flush();
    CHECK(world.tick() == 0);
    REQUIRE(world.rig.store.records.size() == 1);
    CHECK(world.rig.store.records[0].origin == journal::Origin{}); // no delta stands for it
    world.rig.line("mabs c m 1");
    CHECK(world.tick() == 1);
    world.rig.line("mabs c m 1");
    world.rig.flush();
    REQUIRE(world.rig.store.records.size() == 2);
    CHECK(world.rig.store.records[1].origin.series_id == 1);
    CHECK(world.rig.store.records[1].origin.covers == 1);
    CHECK(world.rig.store.records[1].origin.bucket_start_ms % 60'000 == 0);
}

TEST_CASE("a frame takes only so much; the rest comes with the next one") {
    World world;
    for (int i = 0; i < 100; ++i) {
        world.rig.line("mabs c m" + std::to_string(i) + " 1");
    }
    std::size_t frames = 0;
    while (!world.rig.aggregator.changes().write(200)) {
        CHECK(world.pipe.open_bytes() < 300);
        world.pipe.close_frame();
        if (frames++ == 2) {
            world.rig.line("mabs c m1 1");  // written already: once more
            world.rig.line("mabs c m99 1"); // not yet
        }
    }
    CHECK(frames > 5);
    CHECK(world.pipe.entries == 101);
}

TEST_CASE("of a digest only what is new is written, and all of it after it was folded") {
    World world;
    const auto digest = [](int size) {
        std::vector<double> samples;
        for (int i = 0; i < size; ++i) {
            samples.push_back(i * 1.5);
        }
        return test::digest_text(samples);
    };
    world.rig.line("mabs h m " + digest(90));
    CHECK(world.tick() == 1);
    const auto whole = world.pipe.frames.back().payload.size();
    CHECK(whole > 90 * 8);
    world.rig.line("mabs s m 1");
    CHECK(world.tick() == 1);
    CHECK(world.pipe.frames.back().payload.size() < 120);
    CHECK(world.pipe.whole_digests == 1);
    for (int i = 0; i < 10; ++i) {
        world.rig.line("mabs h m " + digest(60));
    }
    CHECK(world.tick() == 1);
    CHECK(world.pipe.whole_digests == 2);
}

} // namespace
} // namespace agent::aggregate
