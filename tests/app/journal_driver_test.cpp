// When a session hears that its lines are safe, and when it is told not to wait for it.
#include "app/journal_driver.hpp"

#include "support/journal_rig.hpp"

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

using journal::Fsync;
using listen::Safety;
using test::Call;
using test::FakeClock;
using test::FakeFileSystem;
using test::JournalRig;

struct World {
    explicit World(Fsync fsync = Fsync::interval) : rig(disk, clock, {.fsync = fsync}) {
        REQUIRE(rig.open().empty());
        rig.beats(60); // what a start has to write
    }

    Safety safety(std::uint64_t ticket) const { return rig.driver.safety(ticket); }

    FakeClock clock;
    FakeFileSystem disk;
    JournalRig rig;
};

TEST_CASE("without a journal nothing is ever durable, and nothing is waited for") {
    test::AggregatorRig rig;
    JournalDriver driver(rig.aggregator, nullptr, rig.clock);
    CHECK(driver.safety(driver.ticket()) == Safety::not_durable);
    CHECK(!driver.is_behind());
    CHECK(!driver.has_work());
    CHECK(!driver.wants_flush());
    CHECK(driver.unwritten_ms() == 0);
    driver.beat();
    driver.begin_flush();
    driver.end_flush();
}

TEST_CASE("a line is durable when the write that has it has returned") {
    World world;
    auto& rig = world.rig;
    CHECK(world.safety(rig.driver.ticket()) == Safety::durable); // there is nothing that could be lost
    CHECK(rig.hurries == 0);
    REQUIRE(!rig.line("mabs c m 1"));
    CHECK(rig.rings == 1);
    const auto ticket = rig.driver.ticket();
    CHECK(rig.hurries == 1);
    CHECK(rig.driver.ticket() == ticket);
    CHECK(rig.hurries == 1); // one is on its way
    CHECK(world.safety(ticket) == Safety::pending);
    world.clock.advance(15);
    CHECK(rig.driver.unwritten_ms() == 15);
    rig.driver.tick();
    CHECK(world.safety(ticket) == Safety::pending);
    rig.writer.run_job();
    CHECK(world.safety(ticket) == Safety::pending);
    CHECK(rig.driver.unwritten_ms() == 15);
    rig.writer.call_done();
    CHECK(world.safety(ticket) == Safety::durable);
    CHECK(rig.driver.unwritten_ms() == 0);
}

TEST_CASE("a line that comes while a write is under way wants the next one") {
    World world;
    auto& rig = world.rig;
    REQUIRE(!rig.line("mabs c m 1"));
    const auto first = rig.driver.ticket();
    rig.driver.tick();
    REQUIRE(!rig.line("mabs c m 1"));
    const auto second = rig.driver.ticket();
    CHECK(second > first);
    rig.driver.tick(); // nothing: the writer is busy
    rig.writer.run_all();
    CHECK(world.safety(first) == Safety::durable);
    CHECK(world.safety(second) == Safety::pending);
    CHECK(rig.driver.is_awaited());
    rig.driver.tick();
    rig.writer.run_all();
    CHECK(world.safety(second) == Safety::durable);
}

TEST_CASE("with fsync always it is durable when the fdatasync has returned, for those without news too") {
    World world(Fsync::always);
    auto& rig = world.rig;
    REQUIRE(!rig.line("mabs c m 1"));
    const auto ticket = rig.driver.ticket();
    rig.driver.tick();
    rig.writer.run_all();
    CHECK(world.safety(ticket) == Safety::pending);
    const auto other = rig.driver.ticket(); // of a session that has sent nothing since
    rig.driver.tick();
    rig.writer.run_all();
    rig.syncer.run_job();
    CHECK(world.safety(ticket) == Safety::pending);
    rig.syncer.call_done();
    CHECK(world.safety(ticket) == Safety::durable);
    CHECK(world.safety(other) == Safety::durable); // and not only with the next line
}

TEST_CASE("while the disk fails nobody waits, and afterwards it is as before") {
    World world;
    auto& rig = world.rig;
    world.disk.faults.add({.call = Call::write, .error = ENOSPC, .times = test::forever});
    REQUIRE(!rig.line("mabs c m 1"));
    const auto ticket = rig.driver.ticket();
    CHECK(world.safety(ticket) == Safety::pending);
    rig.beat();
    CHECK(world.safety(ticket) == Safety::not_durable);
    CHECK(world.safety(rig.driver.ticket()) == Safety::not_durable); // what failed is not safe, news or none
    rig.beats(20);
    CHECK(rig.journal.stats().write_failures == 1); // each second
    rig.beats(60);
    CHECK(rig.journal.stats().write_failures == 2);
    CHECK(rig.driver.unwritten_ms() > 1000);
    world.disk.faults.clear();
    rig.beats(60);
    CHECK(world.safety(ticket) == Safety::durable);
    CHECK(rig.driver.unwritten_ms() == 0);
}

TEST_CASE("a disk that hangs is waited for five seconds") {
    for (const auto fsync : {Fsync::interval, Fsync::always}) {
        World world(fsync);
        auto& rig = world.rig;
        REQUIRE(!rig.line("mabs c m 1"));
        const auto ticket = rig.driver.ticket();
        rig.driver.tick();
        if (fsync == Fsync::always) { // it is the fdatasync that hangs
            rig.writer.run_all();
        }
        world.clock.advance(core::limits::journal_patience_ms);
        CHECK(world.safety(ticket) == Safety::pending);
        world.clock.advance(1);
        CHECK(world.safety(ticket) == Safety::not_durable);
        rig.run_all();
        CHECK(world.safety(ticket) == Safety::durable);
    }
}

TEST_CASE("an fdatasync that fails makes nothing durable, and the next one wants all bytes again") {
    World world(Fsync::always);
    auto& rig = world.rig;
    world.disk.faults.add({.call = Call::sync});
    REQUIRE(!rig.line("mabs c m 1"));
    const auto ticket = rig.driver.ticket();
    rig.beat();
    CHECK(world.safety(ticket) == Safety::not_durable);
    CHECK(rig.journal.stats().sync_failures == 1);
    rig.beats(60);
    CHECK(world.safety(ticket) == Safety::durable);
    std::mt19937 random(1);
    for (int i = 0; i < 20; ++i) {
        auto disk = world.disk; // as Linux does it, the pages of the sync that failed count as clean
        disk.lose_power(random);
        JournalRig next(disk, world.clock, {.run = "run-2"});
        REQUIRE(next.open().empty());
        CHECK(next.ledger.of(core::Topic::mabs).recovered_lines == 1);
    }
}

TEST_CASE("a writer that is behind holds reading up, but not longer than five seconds") {
    World world;
    auto& rig = world.rig;
    rig.driver.tick();
    std::string tail;
    for (const char name : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}) {
        tail += " " + std::string(1, name) + "=" + std::string(200, 'y');
    }
    auto reason = core::RejectReason::none;
    while ((reason = rig.line("put m 1763750431 1" + tail).reason) == core::RejectReason::none) {
        if (rig.writer.is_idle()) {
            rig.driver.tick(); // and the writer hangs
        }
    }
    CHECK(reason == core::RejectReason::overloaded);
    CHECK(rig.driver.is_behind());
    world.clock.advance(core::limits::journal_patience_ms - 1);
    CHECK(rig.driver.is_behind());
    world.clock.advance(1);
    CHECK(!rig.driver.is_behind());
    rig.beats(10);
    CHECK(!rig.driver.is_behind());
    CHECK(!rig.line("put m 1763750431 1" + tail)); // there is room again
}

TEST_CASE("a flush is wanted when the deltas take an eighth of the budget, and ends with the last slice") {
    FakeClock clock;
    FakeFileSystem disk;
    JournalRig rig(disk, clock, {.max_bytes = 80'000});
    REQUIRE(rig.open().empty());
    int lines = 0;
    for (; !rig.driver.wants_flush() && lines < 2000; ++lines) {
        REQUIRE(!rig.line("mabs c m" + std::to_string(lines) + " 1"));
        rig.beat();
    }
    CHECK(lines > 50);
    CHECK(lines < 200);
    CHECK(rig.journal.files().size_bytes() < 12'000);
    rig.driver.begin_flush();
    CHECK(!rig.driver.wants_flush());
    rig.driver.end_flush(); // not yet: something is left to seal
    while (rig.work() == aggregate::Work::more) {
    }
    rig.beats(120);
    const auto& paths = disk.paths();
    CHECK(std::none_of(paths.begin(), paths.end(), [](const auto& path) { return path.ends_with(".delta"); }));
}

} // namespace
} // namespace agent::app
