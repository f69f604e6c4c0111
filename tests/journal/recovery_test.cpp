// Whatever is found in a state directory, the journal starts.
#include "journal/recovery.hpp"

#include "journal/crc32c.hpp"
#include "journal/file_names.hpp"
#include "journal/watermark.hpp"
#include "support/state_rig.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

using core::Topic;
using test::FakeFileSystem;
using test::StateRig;

const std::string deltas = "/state/deltas/" + file_name(1, deltas_suffix);
const std::string records = "/state/outbox/mabs/" + file_name(1, records_suffix);

// Three deltas (5, 6, 7 of three buckets) and three records; none covers a delta.
FakeFileSystem left_behind() {
    FakeFileSystem disk;
    StateRig rig(disk);
    REQUIRE(rig.open().empty());
    for (int i = 0; i < 3; ++i) {
        rig.counter(1, i * 60'000, 5 + i, true);
        rig.record(Topic::mabs, "value " + std::to_string(i));
        rig.write();
    }
    disk.crash();
    return disk;
}

struct Found {
    std::size_t entries = 0;
    std::size_t records = 0;
    Damage damage;
    std::vector<std::string> paths;
};

Found find(FakeFileSystem& disk) {
    StateRig rig(disk, {.run = "run-2"});
    REQUIRE(rig.open().empty());
    CHECK(rig.replayed.is_finished);
    Found found{rig.replayed.entries, rig.take(Topic::mabs).size(), rig.journal.damage(), disk.paths()};
    // It goes on, and the next one finds that too.
    rig.counter(1'000, 60'000, 1, true);
    rig.record(Topic::mabs, "more");
    rig.write();
    disk.crash();
    StateRig next(disk, {.run = "run-3"});
    REQUIRE(next.open().empty());
    CHECK(next.replayed.values.contains({"m1000", 60'000}));
    CHECK(next.take(Topic::mabs).back() == "run-2/1=more");
    disk.crash();
    return found;
}

bool has(const Found& found, std::string_view path) {
    return std::ranges::find(found.paths, path) != found.paths.end();
}

TEST_CASE("a healthy directory") {
    auto disk = left_behind();
    const auto found = find(disk);
    CHECK(found.entries == 3);
    CHECK(found.records == 3);
    CHECK(found.damage.places == 0);
    CHECK(found.damage.bytes == 0);
}

TEST_CASE("files that were cut anywhere: what is whole before the cut is there, and it is no damage") {
    const auto healthy = left_behind();
    for (const auto& path : {deltas, records}) {
        const auto size = healthy.bytes(path).size();
        std::size_t before = 0;
        for (std::size_t cut = 0; cut <= size; ++cut) {
            auto disk = healthy;
            disk.cut(path, cut);
            const auto found = find(disk);
            const auto count = path == deltas ? found.entries : found.records;
            REQUIRE(count >= before);
            before = count;
            REQUIRE((path == deltas ? found.records : found.entries) == 3);
            REQUIRE(found.damage.places == 0);
            REQUIRE(found.damage.set_aside_files == 0);
        }
        CHECK(before == 3);
    }
}

TEST_CASE("one bit wrong anywhere: at most one frame is lost, and it is seen") {
    const auto healthy = left_behind();
    for (const auto& path : {deltas, records}) {
        for (std::size_t bit = 0; bit < healthy.bytes(path).size() * 8; bit += 3) {
            CAPTURE(bit);
            auto disk = healthy;
            disk.flip_bit(path, bit);
            const auto found = find(disk);
            const auto count = path == deltas ? found.entries : found.records;
            const bool is_last = bit / 8 > healthy.bytes(path).size() * 2 / 3; // looks like a torn tail
            if (path == records && bit / 8 < file_header_bytes) {
                REQUIRE(found.damage.set_aside_files == 1); // nobody knows any more whose they are
                REQUIRE(has(found, "/state/set-aside/mabs-" + file_name(1, records_suffix)));
            } else {
                REQUIRE(count >= (bit / 8 < file_header_bytes ? 3 : 2));
                REQUIRE((is_last || found.damage.places == 1));
            }
        }
    }
}

TEST_CASE("files of a newer version are set aside, untouched, and their numbers are not given again") {
    auto disk = left_behind();
    for (const auto& path : {deltas, records}) {
        disk.edit(path, [](auto& bytes) {
            bytes[8] = std::byte{2};
            const auto crc = crc32c(std::span(bytes).first(76));
            std::memcpy(bytes.data() + 76, &crc, sizeof crc);
        });
    }
    const auto before = disk.bytes(records);
    const auto found = find(disk);
    CHECK(found.damage.set_aside_files == 2);
    CHECK(found.records == 0);
    CHECK(found.entries == 0);
    CHECK(disk.bytes("/state/set-aside/mabs-" + file_name(1, records_suffix)) == before);
    CHECK(disk.exists("/state/set-aside/" + file_name(1, deltas_suffix)));
    CHECK(disk.exists("/state/outbox/mabs/" + file_name(2, records_suffix)));
}

TEST_CASE("strange names are left alone") {
    auto disk = left_behind();
    for (const auto* const name : {"1.delta", "00000000000000000001.delta.gz", "x", "0000000000000000000x.records"}) {
        disk.put(std::string("/state/deltas/") + name, {std::byte{1}});
        disk.put(std::string("/state/outbox/mabs/") + name, {std::byte{1}});
    }
    const auto found = find(disk);
    CHECK(found.damage.places == 0);
    CHECK(found.records == 3);
    CHECK(has(found, "/state/outbox/mabs/x"));
}

TEST_CASE("deltas that a record contains are not replayed, whatever the record's file") {
    FakeFileSystem disk;
    {
        StateRig rig(disk);
        REQUIRE(rig.open().empty());
        rig.counter(1, 0, 5, true);
        rig.counter(2, 0, 50, true);
        rig.write(); // frame 1
        rig.counter(1, 0, 6);
        rig.write(); // frame 2
        rig.record(Topic::mabs, "five and six", {1, 0, 2});
        rig.counter(1, 0, 7, true);
        rig.write(); // frame 3
        rig.counter(1, 60'000, 8, true);
        rig.write();
        disk.crash();
    }
    StateRig next(disk, {.run = "run-2"});
    REQUIRE(next.open().empty());
    CHECK(next.replayed.entries == 3);
    CHECK(next.replayed.values.at({"m2", 0}) == 50);
    CHECK(next.replayed.values.at({"m1", 0}) == 7);
    CHECK(next.replayed.values.at({"m1", 60'000}) == 8);
    CHECK(next.journal.deltas().last_closed_frame() == 4);
    CHECK(next.journal.deltas().new_series_id() == 3);
}

TEST_CASE("a watermark that is damaged or missing sends again; one of a removed file is never taken for a new one's") {
    auto disk = left_behind();
    const std::string path = "/state/outbox/mabs/watermark";
    disk.put(path, {std::byte{1}});
    CHECK(find(disk).records == 3);
    const auto bytes = encode(Watermark{1, 2});
    disk = left_behind();
    disk.put(path, {bytes.begin(), bytes.end()});
    CHECK(find(disk).records == 1);
    disk = left_behind();
    REQUIRE(disk.remove(records));
    disk.put(path, {bytes.begin(), bytes.end()});
    CHECK(find(disk).records == 0); // find() sees that "more" of run-2 is there for run-3
}

} // namespace
} // namespace agent::journal
