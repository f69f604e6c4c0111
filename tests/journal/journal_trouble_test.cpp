// Disks that fail in parts: what was promised stays, and nothing grows without end.
#include "journal/file_names.hpp"
#include "journal/frame_reader.hpp"
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

const std::string deltas = "/state/deltas/" + file_name(1, deltas_suffix);
const std::string records = "/state/outbox/mabs/" + file_name(1, records_suffix);

std::size_t count_of(const FakeFileSystem& disk, std::string_view part) {
    const auto paths = disk.paths();
    return static_cast<std::size_t>(
        std::ranges::count_if(paths, [&](const auto& path) { return path.find(part) != std::string::npos; }));
}

FakeFileSystem left_behind() {
    FakeFileSystem disk;
    StateRig rig(disk);
    REQUIRE(rig.open().empty());
    rig.counter(1, 0, 5, true);
    rig.record(Topic::mabs, "kept");
    rig.write();
    disk.crash();
    return disk;
}

TEST_CASE("a records file that cannot be read at the start is sent when it can be") {
    for (const auto call : {Call::open, Call::read}) {
        auto disk = left_behind();
        StateRig rig(disk, {.run = "run-2"});
        disk.faults.add({.call = call, .error = EIO, .times = 4, .path_part = records});
        REQUIRE(rig.open().empty());
        CHECK(rig.take(Topic::mabs).empty());
        rig.beats(200);
        CHECK(rig.take(Topic::mabs) == Strings{"run-1/1=kept"});
        CHECK(rig.ledger.of(Topic::mabs).recovered_lines == 1);
        CHECK(rig.journal.damage().read_failures != 0);
        CHECK(rig.journal.damage().set_aside_files == 0);
    }
}

TEST_CASE("a records file that can never be read is moved aside, not removed") {
    auto disk = left_behind();
    StateRig rig(disk, {.run = "run-2"});
    disk.faults.add({.call = Call::read, .error = EIO, .times = test::forever, .path_part = records});
    REQUIRE(rig.open().empty());
    rig.record(Topic::mabs, "new");
    Strings taken;
    for (int i = 0; i < 300; ++i) {
        rig.beats(1);
        std::ranges::copy(rig.take(Topic::mabs), std::back_inserter(taken));
    }
    CHECK(taken == Strings{"run-2/1=new"}); // it does not wait for ever
    CHECK(rig.journal.damage().set_aside_files == 1);
    CHECK(count_of(disk, "/set-aside/mabs-") == 1);
}

TEST_CASE("a delta segment that cannot be read at the start is moved aside, not removed") {
    auto disk = left_behind();
    {
        StateRig rig(disk, {.run = "run-2"});
        disk.faults.add({.call = Call::open, .error = EMFILE, .times = 2, .path_part = deltas});
        REQUIRE(rig.open().empty());
        CHECK(rig.replayed.entries == 0);
        CHECK(rig.journal.damage().set_aside_files == 1);
        rig.flush();
        rig.beats(100);
        disk.crash();
    }
    CHECK(count_of(disk, "/set-aside/") == 1);
}

TEST_CASE("a records file larger than any that was written does not stop the start") {
    auto disk = left_behind();
    disk.put("/state/outbox/mabs/" + file_name(2, records_suffix),
             std::vector<std::byte>(3 * core::limits::outbox_file_bytes + FrameReader::max_frame_bytes));
    StateRig rig(disk, {.run = "run-2"});
    REQUIRE(rig.open().empty());
    CHECK(rig.journal.damage().set_aside_files == 1);
    CHECK(rig.take(Topic::mabs) == Strings{"run-1/1=kept"});
}

TEST_CASE("while fdatasync fails, what is sealed and sent goes from the disk all the same, but for --fsync always") {
    for (const auto call : {Call::sync, Call::sync_directory}) {
        for (const auto fsync : {Fsync::interval, Fsync::always}) {
            FakeFileSystem disk;
            StateRig rig(disk, {.fsync = fsync});
            REQUIRE(rig.open().empty());
            rig.beats();
            disk.faults.add({.call = call, .error = EIO, .times = test::forever});
            for (int i = 0; i < 50; ++i) {
                rig.counter(1, i * 60'000, 5, true);
                rig.write();
                rig.record(Topic::mabs, "r", {1, i * 60'000, rig.journal.deltas().last_closed_frame()});
                rig.flush();
                rig.beats(40);
                rig.take(Topic::mabs);
                for (const auto position : rig.positions) {
                    rig.outbox.answered(Topic::mabs, position);
                }
                rig.positions.clear();
            }
            CHECK(rig.journal.stats().sync_failures > 10);
            if (fsync == Fsync::interval) {
                CHECK(count_of(disk, ".delta") + count_of(disk, ".records") < 10);
            }
        }
    }
}

TEST_CASE("a file system that cannot sync directories is none that fails") {
    FakeFileSystem disk;
    disk.faults.add({.call = Call::sync_directory, .error = EINVAL, .times = test::forever});
    StateRig rig(disk, {.fsync = Fsync::always});
    REQUIRE(rig.open().empty());
    rig.record(Topic::mabs, "one");
    rig.beats();
    CHECK(rig.journal.is_durable());
    CHECK(rig.journal.is_all_safe());
    CHECK(rig.journal.stats().sync_failures == 0);
}

TEST_CASE("deltas without end do not keep records from the disk") {
    FakeFileSystem disk;
    StateRig rig(disk);
    REQUIRE(rig.open().empty());
    rig.record(Topic::mabs, "one");
    while (rig.journal.deltas().open_bytes() < core::limits::write_batch_bytes) {
        rig.counter(rig.journal.deltas().new_series_id(), 0, 5, true);
    }
    rig.journal.write(false, 0);
    rig.run_all();
    CHECK(rig.take(Topic::mabs) == Strings{"run-1/1=one"});
}

} // namespace
} // namespace agent::journal
