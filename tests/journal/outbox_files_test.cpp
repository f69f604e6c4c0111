// The outbox on disk: what is in memory, what is read back, what is dropped, and what the watermark says.
#include "journal/outbox_files.hpp"

#include "support/state_rig.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

using core::DropReason;
using core::Topic;
using test::FakeFileSystem;
using test::StateRig;

std::string numbered(std::uint64_t number, std::size_t size) {
    auto text = std::to_string(number) + " ";
    text.resize(std::max(size, text.size()), 'v');
    return text;
}

// Appends records until `count`, written as they come.
void fill(StateRig& rig, std::uint64_t count, std::size_t size) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        REQUIRE(rig.record(Topic::mabs, numbered(i, size)) == Append::accepted);
        if (i % 50 == 0) {
            rig.write();
        }
    }
    rig.beats(3);
}

TEST_CASE("200 MB of records take the memory of a few segments, and come in their order") {
    FakeFileSystem disk;
    StateRig rig(disk);
    REQUIRE(rig.open().empty());
    constexpr std::size_t size = 100'000;
    std::size_t most = 0;
    for (std::uint64_t i = 1; i <= 2000; ++i) {
        REQUIRE(rig.record(Topic::mabs, numbered(i, size)) == Append::accepted);
        if (i % 20 == 0) {
            rig.write();
        }
        most = std::max(most, rig.outbox.held_bytes());
    }
    CHECK(most <= core::limits::outbox_resident_bytes + 4 * core::limits::outbox_file_bytes);
    CHECK(rig.outbox.stats(Topic::mabs).pending_lines == 2000);
    for (std::uint64_t i = 1; i <= 2000; ++i) {
        const auto record = rig.take(Topic::mabs, 1);
        REQUIRE(record.size() == 1);
        REQUIRE(record[0].starts_with("run-1/" + std::to_string(i) + "=" + std::to_string(i) + " "));
        rig.outbox.answered(Topic::mabs, rig.positions.back());
        most = std::max(most, rig.outbox.held_bytes());
    }
    CHECK(most <= core::limits::outbox_resident_bytes + 8 * core::limits::outbox_file_bytes);
    rig.flush();
    rig.beats();
    CHECK(rig.outbox.empty());
    CHECK(rig.outbox.held_bytes() == 0);
    CHECK(rig.journal.size_bytes() == 0);
    CHECK(rig.ledger.of(Topic::mabs).dropped_total() == 0);
}

TEST_CASE("the budget drops the oldest of the largest topic, and counts its lines") {
    FakeFileSystem disk;
    StateRig rig(disk, {.max_bytes = 4 << 20});
    REQUIRE(rig.open().empty());
    for (int i = 0; i < 20; ++i) {
        rig.record(Topic::tsdb, numbered(1, 1000));
    }
    fill(rig, 8000, 1000);
    CHECK(rig.journal.size_bytes() <= 4 << 20);
    CHECK(disk.used_bytes() < (4 << 20) + 100'000);
    CHECK(rig.dropped(Topic::tsdb, DropReason::budget) == 0);
    const auto dropped = rig.dropped(Topic::mabs, DropReason::budget);
    CHECK(dropped > 4000);
    CHECK(dropped < 5000);
    const auto list = rig.take(Topic::mabs);
    CHECK(list.size() + dropped == 8000);
    CHECK(list.front().starts_with("run-1/" + std::to_string(dropped + 1) + "=")); // the newest are there
}

TEST_CASE("what an earlier run left is dropped like all else, counted as recovered before") {
    FakeFileSystem disk;
    {
        StateRig rig(disk);
        REQUIRE(rig.open().empty());
        fill(rig, 3000, 1000);
        disk.crash();
    }
    StateRig rig(disk, {.run = "run-2", .max_bytes = 2 << 20});
    REQUIRE(rig.open().empty());
    fill(rig, 1000, 1000);
    rig.beats();
    const auto& row = rig.ledger.of(Topic::mabs);
    CHECK(rig.dropped(Topic::mabs, DropReason::budget) > 500);
    const auto list = rig.take(Topic::mabs);
    CHECK(row.recovered_lines == 3000);
    CHECK(list.size() + row.dropped_total() == 4000);
    CHECK(list.back().starts_with("run-2/1000="));
}

TEST_CASE("answers in any order: the next run gets what is not answered, and little more") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        FakeFileSystem disk;
        std::size_t answered_front = 0;
        {
            StateRig rig(disk, {.max_bytes = 4 << 20});
            REQUIRE(rig.open().empty());
            fill(rig, 500, 1000);
            REQUIRE(rig.take(Topic::mabs).size() == 500);
            auto order = rig.positions;
            std::ranges::shuffle(order, random);
            order.resize(random() % 500);
            std::vector<bool> is_answered(502);
            for (const auto position : order) {
                rig.outbox.answered(Topic::mabs, position);
                is_answered[position] = true;
            }
            while (is_answered[answered_front + 1]) {
                ++answered_front;
            }
            CHECK(rig.outbox.stats(Topic::mabs).watermark == answered_front);
            rig.beats();
            disk.crash();
        }
        StateRig next(disk, {.run = "run-2"});
        REQUIRE(next.open().empty());
        const auto list = next.take(Topic::mabs);
        REQUIRE(!list.empty());
        CHECK(list.front().starts_with("run-1/" + std::to_string(answered_front + 1) + "="));
        CHECK(list.back().starts_with("run-1/500="));
        CHECK(next.ledger.of(Topic::mabs).recovered_lines == list.size());
    }
}

TEST_CASE("what was put back goes again, from segments that were read back too") {
    FakeFileSystem disk;
    {
        StateRig rig(disk);
        REQUIRE(rig.open().empty());
        fill(rig, 50, 1000);
        disk.crash();
    }
    StateRig rig(disk, {.run = "run-2"});
    REQUIRE(rig.open().empty());
    const auto list = rig.take(Topic::mabs);
    CHECK(list.size() == 50);
    for (const auto position : rig.positions) {
        rig.outbox.put_back(Topic::mabs, position);
    }
    CHECK(rig.take(Topic::mabs) == list);
}

TEST_CASE("a file that cannot be read any more is counted as damaged, not waited for") {
    FakeFileSystem disk;
    StateRig rig(disk, {.max_bytes = 64 << 20});
    REQUIRE(rig.open().empty());
    fill(rig, 400, 100'000); // 40 MB: some are on disk only
    const auto paths = disk.paths();
    std::size_t cut = 0;
    for (const auto& path : paths) {
        if (path.ends_with(".records") && cut < 100) {
            disk.cut(path, file_header_bytes);
            ++cut;
        }
    }
    std::size_t taken = 0;
    for (int i = 0; i < 40; ++i) {
        taken += rig.take(Topic::mabs).size();
    }
    CHECK(taken < 300);
    CHECK(taken + rig.dropped(Topic::mabs, DropReason::damaged) == 400);
}

} // namespace
} // namespace agent::journal
