// When files are synced, and how far that has got.
#include "journal/syncer.hpp"

#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/manual_runner.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

using test::Call;

struct World {
    explicit World(Fsync mode) : syncer(disk, runner, clock, mode, [this](const auto& it) { ends.push_back(!it); }) {
        disk.put_directory("/d");
        disk.put("/d/a", {std::byte{1}});
    }
    std::uint64_t calls() const { return disk.faults.calls(Call::sync) + disk.faults.calls(Call::sync_directory); }

    test::FakeFileSystem disk;
    test::ManualRunner runner;
    test::FakeClock clock;
    std::vector<bool> ends; // well?
    Syncer syncer;
};

TEST_CASE("where nothing is to be synced, everything is") {
    World world(Fsync::interval);
    const auto next = world.syncer.next();
    CHECK(!world.syncer.is_done(next));
    world.syncer.start_if_due(false);
    CHECK(world.syncer.is_done(next));
    CHECK(world.runner.is_idle());
}

TEST_CASE("each second, or at once; what comes meanwhile is of the next one") {
    World world(Fsync::interval);
    auto& syncer = world.syncer;
    syncer.add_file("/d/a");
    syncer.add_directory("/d");
    syncer.add_file("/d/removed meanwhile");
    CHECK(!syncer.has_nothing_to_do());
    const auto first = syncer.next();
    syncer.start_if_due(false); // the first one ever
    CHECK(syncer.is_busy());
    syncer.add_file("/d/a");
    const auto second = syncer.next();
    CHECK(second == first + 1);
    syncer.start_if_due(true); // one at a time
    CHECK(syncer.next() == second);
    world.runner.run_all();
    CHECK(world.ends == std::vector{true});
    CHECK(world.calls() == 2);
    CHECK(syncer.is_done(first));
    CHECK(!syncer.is_done(second));
    world.clock.advance(999);
    syncer.start_if_due(false);
    CHECK(!syncer.is_busy());
    world.clock.advance(1);
    syncer.start_if_due(false);
    CHECK(syncer.is_busy());
    world.runner.run_all();
    CHECK(syncer.is_done(second));
    syncer.add_file("/d/a");
    syncer.start_if_due(true);
    CHECK(syncer.is_busy());
}

TEST_CASE("never means never") {
    World world(Fsync::never);
    world.syncer.add_file("/d/a");
    world.syncer.add_directory("/d");
    const auto next = world.syncer.next();
    world.syncer.start_if_due(true);
    CHECK(world.syncer.is_done(next));
    CHECK(world.syncer.has_nothing_to_do());
    CHECK(world.calls() == 0);
}

TEST_CASE("one that fails is tried again, with what it was for, once a second") {
    World world(Fsync::always);
    auto& syncer = world.syncer;
    world.disk.faults.add({.call = Call::sync, .times = 2});
    syncer.add_file("/d/a");
    const auto first = syncer.next();
    syncer.start_if_due(true);
    world.runner.run_all();
    CHECK(world.ends == std::vector{false});
    CHECK(syncer.has_failed());
    CHECK(!syncer.is_done(first));
    CHECK(!syncer.has_nothing_to_do());
    syncer.start_if_due(true);
    CHECK(!syncer.is_busy());
    for (int i = 0; i < 2; ++i) {
        world.clock.advance(1000);
        syncer.start_if_due(true);
        world.runner.run_all();
    }
    CHECK(world.ends == std::vector{false, false, true});
    CHECK(!syncer.has_failed());
    CHECK(syncer.is_done(first));
    CHECK(world.disk.faults.calls(Call::write) == 2); // all bytes again, before each new try
}

} // namespace
} // namespace agent::journal
