// Flushes in slices, and a journal that is full in the middle: nothing is lost, nothing counted twice.
#include "aggregate/aggregator.hpp"
#include "support/aggregator_rig.hpp"
#include "support/digest_text.hpp"

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::Topic;
using test::AggregatorRig;
using test::digest_text;
using test::reason_of;

std::map<std::string, std::int64_t> sums(AggregatorRig& rig, Topic topic) {
    std::map<std::string, std::int64_t> by_key;
    for (const auto& record : rig.store.of(topic)) {
        by_key[record.key] += nlohmann::json::parse(record.value)["value"].get<std::int64_t>();
    }
    return by_key;
}

using Sums = std::map<std::string, std::int64_t>;

TEST_CASE("a flush does a slice at a time") {
    AggregatorRig rig;
    constexpr std::size_t slice = core::limits::flush_slice_records;
    const auto total = 2 * slice + 100;
    for (std::size_t i = 0; i < total; ++i) {
        REQUIRE(!rig.line("mabs c m" + std::to_string(i) + " 1"));
    }
    CHECK(!rig.aggregator.is_flushing());
    CHECK(rig.aggregator.work() == Work::idle); // nothing was begun
    CHECK(rig.store.records.empty());
    rig.aggregator.begin_flush();
    CHECK(rig.aggregator.is_flushing());
    CHECK(rig.aggregator.work() == Work::more);
    CHECK(rig.store.records.size() == slice);
    CHECK(rig.aggregator.work() == Work::more);
    CHECK(rig.store.records.size() == 2 * slice);
    CHECK(rig.aggregator.work() == Work::idle);
    CHECK(rig.store.records.size() == total);
    CHECK(!rig.aggregator.is_flushing());
    CHECK(rig.aggregator.work() == Work::idle);
}

TEST_CASE("large records make smaller slices") {
    AggregatorRig rig;
    std::vector<double> samples(1000);
    std::iota(samples.begin(), samples.end(), 0.0);
    const auto digest = digest_text(samples);
    constexpr std::size_t total = 200;
    for (std::size_t i = 0; i < total; ++i) {
        REQUIRE(!rig.line("mabs h m" + std::to_string(i) + " " + digest));
    }
    rig.aggregator.begin_flush();
    CHECK(rig.aggregator.work() == Work::more);
    const auto& records = rig.store.records;
    CHECK(records.size() < total);
    const auto cost = 1 + records[0].value.size() / core::limits::flush_record_bytes;
    CHECK(cost > 2);
    CHECK(records.size() == (core::limits::flush_slice_records + cost - 1) / cost);
    CHECK(rig.aggregator.work() == Work::idle);
    CHECK(records.size() == total);
}

TEST_CASE("lines between slices are in the one flush or in the next, each once") {
    AggregatorRig rig;
    constexpr std::size_t total = core::limits::flush_slice_records + 10;
    const auto all = [&](const std::string& value) {
        for (std::size_t i = 0; i < total; ++i) {
            REQUIRE(!rig.line("mabs c m" + std::to_string(i) + " " + value));
        }
    };
    all("1");
    rig.aggregator.begin_flush();
    rig.aggregator.work();
    all("10"); // the first slice is sealed, the rest is not
    rig.aggregator.begin_flush();
    rig.work_off();
    all("100");
    rig.flush();
    for (const auto& [key, sum] : sums(rig, Topic::mabs)) {
        CHECK(sum == 111);
    }
    CHECK(sums(rig, Topic::mabs).size() == total);
    CHECK(rig.store.lines_of(Topic::mabs) == 3 * total);
}

TEST_CASE("a full journal blocks the flush; lines go on being taken, and nothing is lost") {
    AggregatorRig rig;
    for (int i = 0; i < 10; ++i) {
        rig.line("mabs c m" + std::to_string(i) + " 1 by_node=True");
    }
    rig.store.room = 7;
    CHECK(rig.flush() == Work::blocked);
    CHECK(rig.aggregator.is_flushing());
    CHECK(rig.store.records.size() == 7);
    CHECK(rig.aggregator.work() == Work::blocked); // as often as one asks
    for (int i = 0; i < 10; ++i) {
        CHECK(!rig.line("mabs c m" + std::to_string(i) + " 10 by_node=True"));
    }
    CHECK(rig.flush() == Work::blocked);
    rig.store.room = 1;
    CHECK(rig.work_off() == Work::blocked);
    CHECK(rig.store.records.size() == 8);
    rig.store.room = 1000;
    CHECK(rig.work_off() == Work::idle);
    rig.flush();
    for (const auto topic : {Topic::mabs, Topic::by_node}) {
        const auto by_key = sums(rig, topic);
        CHECK(by_key.size() == 10);
        for (const auto& [key, sum] : by_key) {
            CHECK(sum == 11);
        }
        CHECK(rig.store.lines_of(topic) == 20);
    }
}

TEST_CASE("the journal fills up between the buckets of one series") {
    for (std::size_t room = 0; room <= 4; ++room) {
        AggregatorRig rig;
        for (const char* second : {"1763750400", "1763750340", "1763750280", "1763750460"}) {
            rig.line(std::string("mabs c m ") + second + " 1");
        }
        rig.store.room = room;
        CHECK(rig.flush() == (room == 4 ? Work::idle : Work::blocked));
        for (const char* second : {"1763750400", "1763750340", "1763750280", "1763750460", "1763750220"}) {
            CHECK(!rig.line(std::string("mabs c m ") + second + " 10"));
        }
        rig.store.room = 1000;
        rig.work_off();
        rig.flush();
        std::map<std::int64_t, std::int64_t> by_ts;
        for (const auto& record : rig.store.records) {
            const auto value = nlohmann::json::parse(record.value);
            by_ts[value["ts"]] += value["value"].get<std::int64_t>();
        }
        CHECK(by_ts == std::map<std::int64_t, std::int64_t>{
                           {1763750220, 10}, {1763750280, 11}, {1763750340, 11}, {1763750400, 11}, {1763750460, 11}});
        CHECK(rig.aggregator.table().bucket_count() == 0);
    }
}

TEST_CASE("a series has so many open buckets at the most: one is sealed for a new one") {
    constexpr auto most = static_cast<int>(core::limits::max_open_buckets);
    const auto line = [](int minute, int value, const std::string& flag) {
        return "mabs c m " + std::to_string(1'763'750'400 - 60 * minute) + " " + std::to_string(value) + flag;
    };
    for (const std::string flag : {"", " by_node=True"}) {
        const int parts = flag.empty() ? 1 : 2;
        AggregatorRig rig;
        for (int minute = 0; minute < most; ++minute) {
            REQUIRE(!rig.line(line(minute, 1, flag)));
        }
        CHECK(rig.store.records.empty());
        for (int minute = most; minute < most + 10; ++minute) {
            REQUIRE(!rig.line(line(minute, 1, flag)));
            CHECK(rig.store.records.size() == static_cast<std::size_t>(parts * (minute - most + 1)));
        }
        CHECK(rig.aggregator.table().bucket_count() == static_cast<std::size_t>(parts * (most - 1)));
        rig.store.room = 0;
        CHECK(reason_of(rig.line(line(most + 10, 1, flag))) == "overloaded");
        CHECK(!rig.line(line(most + 9, 10, flag))); // what is open goes on
        CHECK(!rig.line(line(0, 10, flag)));
        rig.store.room = 1; // for a flagged line's one part, not for both
        const bool is_taken = !rig.line(line(most + 10, 100, flag));
        CHECK(is_taken == flag.empty());
        rig.store.room = 1000;
        rig.flush();
        const auto total = most + 10 + 20 + (is_taken ? 100 : 0);
        CHECK(sums(rig, Topic::mabs) == Sums{{"m", total}});
        CHECK(sums(rig, Topic::by_node) == (flag.empty() ? Sums{} : Sums{{"m{node=h}", total}}));
        CHECK(rig.store.lines_of(Topic::mabs) == rig.ledger.of(Topic::mabs).accepted_lines);
        CHECK(rig.aggregator.table().bucket_count() == 0);
    }
}

// A consumer takes the later record where timestamps are equal, so records must come in the order of their lines.
TEST_CASE("of a gauge's equal timestamps the last to arrive is in the last record, also after a full journal") {
    AggregatorRig rig;
    rig.line("mabs g m 1763750340 1"); // the minute before
    rig.line("mabs g m 1763750400 2");
    rig.store.room = 1; // the flush stops between the two
    CHECK(rig.flush() == Work::blocked);
    rig.line("mabs g m 1763750340 3");
    rig.line("mabs g m 1763750400 4");
    rig.store.room = 1000;
    rig.work_off();
    rig.flush();
    std::map<std::int64_t, double> last;
    for (const auto& record : rig.store.records) {
        const auto value = nlohmann::json::parse(record.value);
        last[value["ts"]] = value["value"];
    }
    CHECK(last == std::map<std::int64_t, double>{{1763750340, 3}, {1763750400, 4}});
}

TEST_CASE("a point that finds the journal full is rejected, and leaves nothing") {
    AggregatorRig rig;
    rig.store.room = 0;
    CHECK(reason_of(rig.line("put m 1763750400 1")) == "overloaded");
    CHECK(rig.ledger.accepted_lines == 0);
    CHECK(rig.ledger.of(Topic::tsdb).accepted_lines == 0);
    rig.store.room = 1;
    CHECK(!rig.line("put m 1763750400 1"));
    CHECK(rig.store.records.size() == 1);
}

TEST_CASE("a counter that would overflow finds the journal full: rejected, and the sum stays as it is") {
    AggregatorRig rig;
    rig.line("mabs c m 9223372036854775807");
    rig.store.room = 0;
    CHECK(reason_of(rig.line("mabs c m 1")) == "overloaded");
    CHECK(!rig.line("mabs c m -1"));
    rig.store.room = 10;
    rig.flush();
    CHECK(sums(rig, Topic::mabs) == Sums{{"m", 9223372036854775806}});
    CHECK(rig.store.lines_of(Topic::mabs) == 2);
    CHECK(rig.ledger.accepted_lines == 2);
}

TEST_CASE("a flagged line is applied to both parts or to none") {
    SUBCASE("only the flagged part would overflow") {
        AggregatorRig rig;
        rig.line("mabs c m 9223372036854775807 by_node=True");
        rig.line("mabs c m -9223372036854775807");
        rig.store.room = 0;
        CHECK(reason_of(rig.line("mabs c m 1 by_node=True")) == "overloaded");
        rig.store.room = 10;
        rig.flush();
        CHECK(sums(rig, Topic::mabs) == Sums{{"m", 0}});
        CHECK(sums(rig, Topic::by_node) == Sums{{"m{node=h}", 9223372036854775807}});
    }
    SUBCASE("only the whole would overflow") {
        AggregatorRig rig;
        rig.line("mabs c m 9223372036854775800");
        rig.line("mabs c m 7 by_node=True");
        rig.store.room = 0;
        CHECK(reason_of(rig.line("mabs c m 1 by_node=True")) == "overloaded");
        rig.store.room = 10;
        rig.flush();
        CHECK(sums(rig, Topic::mabs) == Sums{{"m", 9223372036854775807}});
        CHECK(sums(rig, Topic::by_node) == Sums{{"m{node=h}", 7}});
    }
    SUBCASE("both would, and there is room for one record") {
        for (const char* second : {"", "1763750340 "}) { // in the newest bucket, and in an older one
            AggregatorRig rig;
            rig.line("mabs c m 0 by_node=True");
            const auto line = std::string("mabs c m ") + second;
            rig.line(line + "9223372036854775807 by_node=True");
            rig.store.room = 1;
            CHECK(reason_of(rig.line(line + "1 by_node=True")) == "overloaded");
            CHECK(rig.aggregator.table().bucket_count() == (line.ends_with("m ") ? 0 : 1)); // the part's, not sealed
            CHECK(!rig.line(line + "-1 by_node=True"));
            rig.store.room = 10;
            rig.flush();
            CHECK(sums(rig, Topic::mabs) == Sums{{"m", 9223372036854775806}});
            CHECK(sums(rig, Topic::by_node) == Sums{{"m{node=h}", 9223372036854775806}});
            CHECK(rig.store.lines_of(Topic::mabs) == 3);
            CHECK(rig.store.lines_of(Topic::by_node) == 3);
            CHECK(rig.aggregator.table().bucket_count() == 0);
        }
    }
}

TEST_CASE("what came in a flush that never ended is in the records once it does") {
    AggregatorRig rig;
    rig.store.room = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 20; ++i) {
            REQUIRE(!rig.line("mabs c m" + std::to_string((round + i) % 40) + " 1"));
        }
        CHECK(rig.flush() == Work::blocked);
        rig.store.room = static_cast<std::size_t>(round) % 3;
    }
    rig.store.room = 1000;
    rig.work_off();
    rig.flush();
    CHECK(rig.store.lines_of(Topic::mabs) == 1000);
    CHECK(rig.ledger.of(Topic::mabs).accepted_lines == 1000);
}

} // namespace
} // namespace agent::aggregate
