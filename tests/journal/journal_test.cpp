// The journal as a whole: what is written when, what a disk that fails does, and which files go.
#include "journal/journal.hpp"

#include "support/state_rig.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

using core::Topic;
using test::Call;
using test::FakeFileSystem;
using test::StateRig;
using Strings = std::vector<std::string>;

std::size_t count_of(const FakeFileSystem& disk, std::string_view suffix) {
    const auto paths = disk.paths();
    return static_cast<std::size_t>(
        std::ranges::count_if(paths, [&](const auto& path) { return path.ends_with(suffix); }));
}

TEST_CASE("one process each; the second says which directory") {
    FakeFileSystem disk;
    StateRig one(disk);
    REQUIRE(one.open().empty());
    StateRig two(disk);
    const auto error = two.open();
    CHECK(error.find("/state") != std::string::npos);
    CHECK(error.find("another") != std::string::npos);
}

TEST_CASE("a state directory that cannot be made is an error that names the path") {
    for (const auto call : {Call::make_directory, Call::lock, Call::list_files}) {
        FakeFileSystem disk;
        disk.faults.add({.call = call, .error = EACCES, .path_part = "/state"});
        StateRig rig(disk);
        CHECK(rig.open().find("/state") != std::string::npos);
    }
}

TEST_CASE("a record does not go before it is written, and comes again with its identity") {
    FakeFileSystem disk;
    {
        StateRig rig(disk);
        REQUIRE(rig.open().empty());
        rig.record(Topic::mabs, "one");
        CHECK(rig.journal.has_unwritten_records());
        CHECK(rig.take(Topic::mabs).empty());
        rig.journal.write(true, 0);
        rig.writer.run_job();
        CHECK(!rig.outbox.peek(Topic::mabs));
        rig.writer.call_done();
        CHECK(rig.take(Topic::mabs) == Strings{"run-1/1=one"});
        disk.crash();
    }
    StateRig next(disk, {.run = "run-2"});
    REQUIRE(next.open().empty());
    next.record(Topic::mabs, "two");
    next.write();
    CHECK(next.take(Topic::mabs) == Strings{"run-1/1=one", "run-2/1=two"});
    CHECK(next.ledger.of(Topic::mabs).recovered_lines == 1);
}

TEST_CASE("with fsync always a record does not go before its fdatasync") {
    FakeFileSystem disk;
    StateRig rig(disk, {.fsync = Fsync::always});
    REQUIRE(rig.open().empty());
    rig.beats();
    rig.record(Topic::mabs, "one");
    rig.journal.write(true, 0);
    rig.writer.run_all();
    CHECK(!rig.outbox.peek(Topic::mabs));
    rig.syncer.run_all();
    CHECK(rig.outbox.peek(Topic::mabs));
}

TEST_CASE("how often fdatasync is called") {
    struct Case {
        Fsync fsync;
        std::uint64_t least;
        std::uint64_t most;
    };
    for (const auto& [fsync, least, most] :
         {Case{Fsync::always, 40, 50}, Case{Fsync::interval, 2, 3}, Case{Fsync::never, 0, 0}}) {
        FakeFileSystem disk;
        StateRig rig(disk, {.fsync = fsync});
        REQUIRE(rig.open().empty());
        rig.beats();
        const auto before = disk.faults.calls(Call::sync);
        for (int i = 0; i < 40; ++i) { // two seconds
            rig.counter(1, 60'000, i);
            rig.beats(1);
        }
        const auto calls = disk.faults.calls(Call::sync) - before;
        CHECK(calls >= least);
        CHECK(calls <= most);
    }
}

TEST_CASE("a full disk: records go unwritten, nothing is safe; then all is as before") {
    FakeFileSystem disk;
    StateRig rig(disk);
    REQUIRE(rig.open().empty());
    rig.beats();
    rig.counter(1, 60'000, 1, true);
    rig.record(Topic::mabs, "one");
    disk.set_capacity(disk.used_bytes() + 100); // not even for one file
    rig.write();
    CHECK(rig.journal.is_failing());
    CHECK(!rig.journal.is_durable());
    CHECK(!rig.journal.is_ready());
    CHECK(rig.journal.safe_drain() + 1 == rig.journal.next_drain() - 1);
    CHECK(rig.journal.stats().last_failure.find("/state/") != std::string::npos);
    CHECK(rig.take(Topic::mabs) == Strings{"run-1/1=one"});
    CHECK(rig.record(Topic::mabs, "two") == Append::accepted);
    disk.set_capacity(1 << 30);
    rig.beats(1, 999);
    CHECK(rig.journal.is_failing()); // not before a second has passed
    rig.beats(2, 1);
    CHECK(!rig.journal.is_failing());
    CHECK(rig.journal.is_all_safe());
    CHECK(rig.take(Topic::mabs) == Strings{"run-1/2=two"});
    disk.crash();
    StateRig next(disk, {.run = "run-2"});
    REQUIRE(next.open().empty());
    CHECK(next.replayed.entries == 1);
    CHECK(next.journal.damage().places == 0);
    CHECK(next.take(Topic::mabs) == Strings{"run-1/1=one", "run-1/2=two"});
}

TEST_CASE("a failing disk costs bounded memory, and what goes is counted") {
    FakeFileSystem disk;
    StateRig rig(disk, {.outbox_bytes = 1 << 20});
    REQUIRE(rig.open().empty());
    disk.faults.add({.call = Call::write, .times = test::forever});
    rig.record(Topic::mabs, "first");
    rig.write();
    const std::string value(1000, 'v');
    for (int i = 0; i < 5000; ++i) {
        REQUIRE(rig.record(Topic::mabs, value) == Append::accepted);
    }
    CHECK(rig.outbox.held_bytes() <= 1 << 20);
    const auto dropped = rig.dropped(Topic::mabs, core::DropReason::budget);
    CHECK(dropped > 3500);
    CHECK(rig.outbox.stats(Topic::mabs).pending_lines + dropped == 5001);
    disk.faults.clear();
    rig.beats();
    CHECK(rig.journal.is_all_written());
    CHECK(rig.take(Topic::mabs).size() + dropped == 5001);
}

TEST_CASE("deltas go when a flush has ended and its records are written and synced; records when no delta is left") {
    FakeFileSystem disk;
    StateRig rig(disk);
    REQUIRE(rig.open().empty());
    rig.counter(1, 60'000, 5, true);
    rig.write();
    CHECK(count_of(disk, ".delta") == 1);
    rig.journal.begin_flush();
    rig.record(Topic::mabs, "five", {1, 60'000, 1});
    rig.journal.end_flush();
    rig.journal.write(true, 0);
    rig.journal.beat();
    CHECK(count_of(disk, ".delta") == 1); // the record is on its way
    rig.writer.run_all();
    rig.take(Topic::mabs);
    rig.outbox.answered(Topic::mabs, rig.positions[0]);
    rig.journal.begin_flush(); // which ends the file of an idle topic
    rig.journal.end_flush();
    for (int i = 0; i < 100; ++i) {
        rig.beats(1);
        CHECK((count_of(disk, ".delta") == 0 || count_of(disk, ".records") == 1));
    }
    CHECK(count_of(disk, ".delta") == 0);
    CHECK(count_of(disk, ".records") == 0);
    CHECK(rig.journal.size_bytes() == 0);
}

TEST_CASE("a delta file that cannot be removed keeps the records that it is contained in") {
    FakeFileSystem disk;
    {
        StateRig rig(disk);
        REQUIRE(rig.open().empty());
        rig.counter(1, 60'000, 5, true);
        rig.write();
        disk.faults.add({.call = Call::remove, .times = test::forever, .path_part = ".delta"});
        rig.journal.begin_flush();
        rig.record(Topic::mabs, "five", {1, 60'000, 1});
        rig.journal.end_flush();
        rig.write();
        rig.take(Topic::mabs);
        rig.outbox.answered(Topic::mabs, rig.positions[0]);
        rig.flush();
        rig.beats(200);
        CHECK(count_of(disk, ".delta") == 1);
        CHECK(count_of(disk, ".records") == 1);
        CHECK(disk.faults.calls(Call::remove) < 20); // each second
        disk.crash();
    }
    {
        StateRig next(disk, {.run = "run-2"});
        disk.faults.clear();
        REQUIRE(next.open().empty());
        CHECK(next.replayed.entries == 0); // else it would be counted twice
        disk.crash();
    }
}

TEST_CASE("a watermark that could not be written is written the next time") {
    FakeFileSystem disk;
    {
        StateRig rig(disk);
        REQUIRE(rig.open().empty());
        rig.beats();
        rig.record(Topic::mabs, "one");
        rig.record(Topic::mabs, "two");
        rig.write();
        rig.take(Topic::mabs);
        rig.outbox.answered(Topic::mabs, rig.positions[0]);
        disk.faults.add({.call = Call::rename, .times = 1});
        rig.beats(100);
        disk.crash();
    }
    StateRig next(disk, {.run = "run-2"});
    REQUIRE(next.open().empty());
    CHECK(next.take(Topic::mabs) == Strings{"run-1/2=two"});
}

} // namespace
} // namespace agent::journal
