// What happens at the table's limits: lines are rejected with the right word, and nothing is left of them.
#include "aggregate/aggregator.hpp"
#include "support/aggregator_rig.hpp"
#include "support/digest_text.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::RejectReason;
using core::Topic;
using test::AggregatorRig;
using test::reason_of;

AggregatorOptions with_series(std::size_t max_series) {
    auto options = test::rig_options();
    options.table.max_series = max_series;
    return options;
}

AggregatorOptions with_bytes(std::size_t max_bytes) {
    auto options = test::rig_options();
    options.table.max_bytes = max_bytes;
    return options;
}

std::string counter(std::size_t number, const std::string& tail = "") {
    return "mabs c m" + std::to_string(number) + " 1 " + tail;
}

TEST_CASE("a new series at the cap is refused, and nothing is left of it") {
    AggregatorRig rig(with_series(2));
    CHECK(!rig.line("mabs c a 1"));
    CHECK(!rig.line("mabs g b 1"));
    const auto& table = rig.aggregator.table();
    const auto spellings = table.spellings().size();
    const auto bytes = table.size_bytes();
    for (const char* text : {"mabs c  ccc 1", "mabs c  ccc 1 x=y by_node=True", "mabs g  ccc 1", "mabs s  ccc 1"}) {
        CAPTURE(text);
        const auto error = rig.line(text, "127.0.0.1:7");
        CHECK(reason_of(error) == "too_many_series");
        CHECK(error.offset == 8);
        CHECK(error.length == 3);
    }
    CHECK(rig.aggregator.last_refusal().metric == "ccc");
    CHECK(rig.aggregator.last_refusal().peer == "127.0.0.1:7");
    CHECK(table.series_count() == 2);
    CHECK(table.spellings().size() == spellings);
    CHECK(table.size_bytes() == bytes);
    CHECK(rig.ledger.accepted_lines == 2);
    CHECK(rig.records().size() == 2);
}

TEST_CASE("at the cap existing series keep working, in new spellings, flagged for the first time, and points too") {
    AggregatorRig rig(with_series(1));
    CHECK(!rig.line("mabs c a 1 x=1 y=2"));
    CHECK(rig.line("mabs c b 1"));
    CHECK(!rig.line("mabs c a 1 x=1 y=2"));
    CHECK(!rig.line("mabs c a 1 y=2  x=1"));
    CHECK(!rig.line("mabs c a 1 x=1 y=2 by_node=True"));
    CHECK(!rig.line("mabs c a 1763750340 1 x=1 y=2"));
    CHECK(!rig.line("put b 1763750400 1"));
    CHECK(reason_of(rig.line("mabs c b 1 x")) == "bad_timestamp"); // what is wrong comes before what is too much
    CHECK(reason_of(rig.line("mabs c b 1 =x")) == "bad_tag_name");
    CHECK(rig.ledger.of(Topic::mabs).accepted_lines == 5);
}

TEST_CASE("a cap that was reached within one batch") {
    AggregatorRig rig(with_series(3));
    const auto errors = rig.lines({"mabs c a 1", "mabs c b 1", "mabs c c 1", "mabs c d 1", "mabs c a 1", "mabs c d 1"});
    std::vector<std::string> reasons;
    for (const auto& error : errors) {
        reasons.push_back(reason_of(error));
    }
    CHECK(reasons == std::vector<std::string>{"none", "none", "none", "too_many_series", "none", "too_many_series"});
}

TEST_CASE("open buckets have a cap too: those that are open keep working") {
    AggregatorRig rig(with_series(2));
    const auto at = [](int minute) { return "mabs c m " + std::to_string(1'763'750'400 - 60 * minute) + " 1"; };
    const int cap = 1 + 2 * static_cast<int>(core::limits::buckets_per_series); // one is the series' own
    for (int minute = 0; minute < cap; ++minute) {
        CHECK(!rig.line(at(minute)));
    }
    for (const std::string flag : {"", " by_node=True"}) {
        const auto error = rig.line(at(cap) + flag, "somebody");
        CHECK(reason_of(error) == "too_many_series");
        CHECK(error.offset == 7); // the metric
        CHECK(error.length == 1);
    }
    CHECK(rig.aggregator.last_refusal().metric == "m");
    CHECK(rig.aggregator.last_refusal().peer == "somebody");
    CHECK(!rig.line(at(0)));
    CHECK(!rig.line(at(cap - 1)));
    const auto records = rig.records();
    CHECK(records.size() == static_cast<std::size_t>(cap));
    std::uint64_t lines = 0;
    for (const auto& record : records) {
        lines += record.lines;
    }
    CHECK(lines == static_cast<std::uint64_t>(cap) + 2);
    CHECK(!rig.line(at(cap))); // after a flush there is room
}

TEST_CASE("out of memory: no new series, no new bucket, but what is there goes on") {
    AggregatorRig rig(with_bytes(100'000));
    std::size_t count = 0;
    auto error = rig.line(counter(count));
    while (!error) {
        REQUIRE(++count < 10'000);
        error = rig.line(counter(count));
    }
    CHECK(reason_of(error) == "overloaded");
    CHECK(rig.aggregator.table().series_count() == count);
    CHECK(rig.aggregator.last_refusal().metric.empty()); // not because of the number of series
    for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(!rig.line(counter(i)));
        REQUIRE(!rig.line(counter(i, "x= "))); // understood, if not remembered
    }
    CHECK(reason_of(rig.line("mabs c m0 1763750340 1")) == "overloaded");
    CHECK(rig.aggregator.table().size_bytes() < 100'000 + 64 * 1024); // one more growth of the table of spellings
    std::int64_t sum = 0;
    for (const auto& record : rig.records()) {
        sum += record.value["value"].get<std::int64_t>();
    }
    CHECK(sum == static_cast<std::int64_t>(3 * count));
    rig.pass_rounds(120); // idle ones leave, and there is room again
    CHECK(!rig.line("mabs c new 1"));
}

TEST_CASE("out of memory when a full counter has just been sealed: the line is told, not lost") {
    AggregatorRig rig(with_bytes(100'000));
    const auto late = [](const std::string& value) { return "mabs c m 1763750340 " + value; };
    REQUIRE(!rig.line("mabs c m 1763750400 1"));
    REQUIRE(!rig.line(late("9223372036854775807")));
    for (std::size_t i = 0; !rig.line(counter(i)); ++i) {
        REQUIRE(i < 10'000);
    }
    CHECK(reason_of(rig.line(late("1"))) == "overloaded");
    std::uint64_t lines = 0;
    for (const auto& record : rig.records()) {
        lines += record.lines;
    }
    CHECK(lines == rig.ledger.accepted_lines);
}

TEST_CASE("out of memory: digests of existing series grow no further") {
    constexpr std::size_t cap = 120'000;
    AggregatorRig rig(with_bytes(cap));
    std::vector<double> samples;
    for (int i = 0; i < 100; ++i) {
        samples.push_back(i);
    }
    const auto digest = test::digest_text(samples);
    std::size_t accepted = 0;
    std::size_t overloaded = 0;
    for (int round = 0; round < 20; ++round) {
        for (int series = 0; series < 100; ++series) { // all made while there is room
            const auto name = "h" + std::to_string(series);
            const auto error = rig.line(round == 0 ? "mabs s " + name + " 1" : "mabs h " + name + " " + digest);
            accepted += error ? 0 : 1;
            overloaded += error.reason == RejectReason::overloaded ? 1 : 0;
        }
    }
    CHECK(accepted + overloaded == 2000);
    CHECK(accepted > 100);
    CHECK(overloaded > 0);
    CHECK(rig.aggregator.table().size_bytes() <= cap + 10'000); // what one merge adds at the most
    std::uint64_t lines = 0;
    for (const auto& record : rig.records()) {
        lines += record.lines;
    }
    CHECK(lines == accepted);
    CHECK(!rig.line("mabs h h0 " + digest)); // after a flush there is room
}

TEST_CASE("out of memory: no new flagged parts either") {
    constexpr std::size_t cap = 600'000;
    AggregatorRig rig(with_bytes(cap));
    std::size_t count = 0;
    while (!rig.line(counter(count))) {
        REQUIRE(++count < 100'000);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto error = rig.line(counter(i, "by_node=True"));
        REQUIRE((!error || error.reason == RejectReason::overloaded));
    }
    CHECK(rig.aggregator.table().size_bytes() <= cap + 64 * 1024);
    CHECK(rig.records(Topic::mabs).size() == count);
}

TEST_CASE("out of memory in the middle of a flagged line of a new series: nothing is left of it") {
    for (std::size_t cap = 100'000; cap < 101'000; cap += 20) {
        AggregatorRig rig(with_bytes(cap));
        std::size_t count = 0;
        while (!rig.line(counter(count, "by_node=True"))) {
            REQUIRE(++count < 10'000);
        }
        CHECK(rig.aggregator.table().series_count() == count);
        CHECK(rig.records(Topic::mabs).size() == count);
        CHECK(rig.store.records.empty());
    }
}

TEST_CASE("points need no room in the table") {
    AggregatorRig rig(with_bytes(1));
    CHECK(reason_of(rig.line("mabs c a 1")) == "overloaded");
    CHECK(!rig.line("put a 1763750400 1"));
}

TEST_CASE("a series that nobody uses leaves the table, its flagged part and its aliases with it, and may come back") {
    AggregatorRig rig(with_series(2));
    rig.line("mabs c idle 1 a=1 b=2");
    rig.line("mabs c idle 1 b=2 a=1 by_node=True");
    rig.line("mabs c busy 1");
    const auto& table = rig.aggregator.table();
    CHECK(table.spellings().size() == 3);
    rig.flush();
    for (int round = 0; round < 85; ++round) {
        rig.pass_rounds(1);
        rig.line("mabs c busy 1");
        CHECK(table.series_count() == 2); // 15 minutes are 90 rounds
    }
    CHECK(reason_of(rig.line("mabs c new 1")) == "too_many_series");
    for (int round = 0; round < 15; ++round) {
        rig.pass_rounds(1);
        CHECK(table.series_count() >= 1); // the busy one stays while there is nothing in it
        rig.line("mabs c busy 1");
    }
    CHECK(table.series_count() == 1);
    CHECK(table.spellings().size() == 1);
    CHECK(!rig.line("mabs c new 1"));
    CHECK(reason_of(rig.line("mabs c idle 1")) == "too_many_series");
    rig.pass_rounds(100);
    CHECK(table.series_count() == 0);
    rig.store.records.clear();
    CHECK(!rig.line("mabs c idle 7 b=2 a=1 by_node=True"));
    const auto records = rig.records();
    REQUIRE(records.size() == 2);
    CHECK(records[0].value["value"] == 7); // nothing of its former life
    CHECK(records[1].value["value"] == 7);
}

TEST_CASE("a series is not idle while its flagged part or an old bucket waits to be sealed") {
    AggregatorRig rig;
    rig.line("mabs c m 1 by_node=True");
    rig.line("mabs c m 1763750340 1");
    rig.store.room = 0;
    rig.pass_rounds(200);
    CHECK(rig.aggregator.table().series_count() == 1);
    rig.store.room = 100;
    rig.work_off();
    CHECK(rig.store.lines_of(Topic::mabs) == 2);
    CHECK(rig.store.lines_of(Topic::by_node) == 1);
    rig.pass_rounds(200);
    CHECK(rig.aggregator.table().series_count() == 0);
}

TEST_CASE("when there are too many spellings a line takes the long way, and unused ones are forgotten") {
    AggregatorRig rig(with_series(1)); // three spellings
    const auto& table = rig.aggregator.table();
    for (int i = 0; i < 10; ++i) {
        CHECK(!rig.line("mabs c m 1 a=1 e" + std::to_string(i) + "= by_node=" + (i % 2 == 0 ? "1" : "0")));
        CHECK(table.spellings().size() <= 3);
    }
    CHECK(table.aliases_are_full());
    CHECK(!rig.line("mabs c m 1 a=1 e9= by_node=1")); // one that found no room
    CHECK(rig.ledger.of(Topic::mabs).accepted_lines == 11);
    CHECK(rig.ledger.of(Topic::by_node).accepted_lines == 6);
    for (int round = 0; round < 7; ++round) { // a minute
        rig.pass_rounds(1);
        rig.line("mabs c m 1 a=1");
    }
    CHECK(table.series_count() == 1);
    CHECK(table.spellings().size() == 1);
    CHECK(!rig.line("mabs c m 1 a=1 e9= by_node=1"));
    CHECK(!rig.line("mabs c m 1 a=1 e9= by_node=1"));
    CHECK(table.spellings().size() == 2); // remembered now
    CHECK(rig.ledger.of(Topic::by_node).accepted_lines == 8);
}

} // namespace
} // namespace agent::aggregate
