// What becomes of the values of one series: counters, gauges, buckets, points.
#include "aggregate/aggregator.hpp"
#include "support/aggregator_rig.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::Topic;
using test::AggregatorRig;

constexpr auto start_ms = test::FakeClock::start_unix_ms; // 31.25 s into its minute
constexpr std::int64_t minute_s = 1'763'750'400;

std::string at(std::int64_t second) {
    return " " + std::to_string(second) + " ";
}

TEST_CASE("counters add up, with their signs") {
    AggregatorRig rig;
    for (const char* value : {"5", "-3", "+10", "0", "1000000000000"}) {
        CHECK(!rig.line(std::string("mabs c m ") + value));
    }
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].value["value"] == 1000000000012);
    CHECK(records[0].value["lines"] == 5);
}

TEST_CASE("records are deltas: a bucket starts afresh after a flush, and nothing comes of nothing") {
    AggregatorRig rig;
    rig.line("mabs c m 5");
    CHECK(rig.records()[0].value["value"] == 5);
    CHECK(rig.records().empty());
    rig.line("mabs c m 7");
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].value["value"] == 7);
    CHECK(records[0].value["ts"] == minute_s);
    CHECK(records[0].lines == 1);
}

TEST_CASE("gauges keep last, min, max, sum and count") {
    AggregatorRig rig;
    for (const char* value : {"2.5", "-1", "9", "1.25"}) {
        CHECK(!rig.line(std::string("mabs g m 1763750431 ") + value));
    }
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(
        records[0].value ==
        nlohmann::json::parse(R"({"v":1,"type":"gauge","metric":"m","tags":{},"ts":1763750400,"interval":60,"lines":4,)"
                              R"("value":1.25,"last_ts":1763750431000,"min":-1,"max":9,"sum":11.75,"count":4})"));
}

TEST_CASE("a gauge's last is that of the highest timestamp, of equal ones the last to arrive") {
    struct Row {
        std::vector<std::string> lines;
        double last;
        std::int64_t last_ts_ms;
    };
    const Row rows[] = {
        {{"1763750431000 1", "1763750431001 2"}, 2, 1763750431001},
        {{"1763750431001 2", "1763750431000 1"}, 2, 1763750431001},
        {{"1763750431000 1", "1763750431000 2", "1763750430999 3"}, 2, 1763750431000},
        {{"1763750431 1", "1763750431000 2"}, 2, 1763750431000}, // the same instant
        {{"1763750430 7"}, 7, 1763750430000},
    };
    for (const auto& [lines, last, last_ts_ms] : rows) {
        AggregatorRig rig;
        for (const auto& line : lines) {
            CHECK(!rig.line("mabs g m " + line));
        }
        const auto records = rig.records();
        REQUIRE(records.size() == 1);
        CHECK(records[0].value["value"] == last);
        CHECK(records[0].value["last_ts"] == last_ts_ms);
        CHECK(records[0].value["count"] == lines.size());
    }
}

TEST_CASE("a gauge starts afresh in all its fields") {
    AggregatorRig rig;
    rig.line("mabs g m 1763750431 100");
    rig.line("mabs g m 1763750432 -100");
    rig.records();
    rig.line("mabs g m 1763750400 5"); // earlier than the last one of the record before
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].value["value"] == 5);
    CHECK(records[0].value["min"] == 5);
    CHECK(records[0].value["max"] == 5);
    CHECK(records[0].value["sum"] == 5);
    CHECK(records[0].value["count"] == 1);
    CHECK(records[0].value["last_ts"] == 1763750400000);
}

TEST_CASE("a bucket begins on its first millisecond and ends before the next") {
    AggregatorRig rig;
    rig.line("mabs c m 1763750400000 1");
    rig.line("mabs c m 1763750459999 10");
    rig.line("mabs c m 1763750460000 100");
    rig.line("mabs c m 1763750399999 1000");
    rig.line("mabs c m 1763750400 10000");
    std::map<std::int64_t, std::int64_t> values;
    for (const auto& record : rig.records()) {
        CHECK(values.emplace(record.value["ts"], record.value["value"]).second);
        CHECK(record.value["interval"] == 60);
    }
    CHECK(values ==
          std::map<std::int64_t, std::int64_t>{{minute_s - 60, 1000}, {minute_s, 10011}, {minute_s + 60, 100}});
}

TEST_CASE("other resolutions have other buckets") {
    auto options = test::rig_options();
    options.resolution_ms = 500;
    AggregatorRig rig(options);
    rig.line("mabs c m 1763750430499 1");
    rig.line("mabs c m 1763750430500 10");
    rig.line("mabs c m 1763750430999 100");
    std::map<double, std::int64_t> values;
    for (const auto& record : rig.records()) {
        values[record.value["ts"]] += record.value["value"].get<std::int64_t>();
        CHECK(record.value["interval"] == 0.5);
    }
    CHECK(values == std::map<double, std::int64_t>{{1763750430.0, 1}, {1763750430.5, 110}});
}

TEST_CASE("late lines go to their own bucket, at once or in a record of their own") {
    AggregatorRig rig;
    rig.line("mabs c m" + at(minute_s) + "1");
    rig.line("mabs c m" + at(minute_s - 3600) + "10"); // late
    rig.line("mabs c m" + at(minute_s) + "100");       // back to the newest
    rig.line("mabs c m" + at(minute_s - 3600) + "1000");
    rig.line("mabs c m" + at(minute_s - 7200) + "10000");
    rig.line("mabs c m" + at(minute_s - 3600) + "100000");
    CHECK(rig.aggregator.table().bucket_count() == 2); // besides the current one
    std::map<std::int64_t, std::int64_t> values;
    for (const auto& record : rig.records()) {
        CHECK(values.emplace(record.value["ts"], record.value["value"]).second);
    }
    CHECK(values ==
          std::map<std::int64_t, std::int64_t>{{minute_s - 7200, 10000}, {minute_s - 3600, 101010}, {minute_s, 101}});
    CHECK(rig.aggregator.table().bucket_count() == 0);

    rig.line("mabs c m" + at(minute_s - 3600) + "5"); // one more record of that bucket
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].value["ts"] == minute_s - 3600);
    CHECK(records[0].value["value"] == 5);
}

TEST_CASE("a clock that moves on opens the next bucket while the last one is still open") {
    AggregatorRig rig;
    rig.line("mabs g m 1");
    rig.clock.advance(60'000);
    rig.line("mabs g m 2");
    rig.clock.advance(60'000);
    rig.line("mabs g m 3");
    rig.line("mabs g m " + std::to_string(start_ms) + " 4"); // the first again
    std::map<std::int64_t, double> last;
    std::map<std::int64_t, int> counts;
    for (const auto& record : rig.records()) {
        last[record.value["ts"]] = record.value["value"];
        counts[record.value["ts"]] = record.value["count"];
    }
    CHECK(last == std::map<std::int64_t, double>{{minute_s, 4}, {minute_s + 60, 2}, {minute_s + 120, 3}});
    CHECK(counts == std::map<std::int64_t, int>{{minute_s, 2}, {minute_s + 60, 1}, {minute_s + 120, 1}});
}

TEST_CASE("what would overflow int64 is sealed first: no value is ever wrong") {
    for (const std::string flag : {"", " by_node=True"}) {
        for (const auto& [first, second] : {std::pair<std::string, std::string>{"9223372036854775807", "1"},
                                            {"-9223372036854775808", "-1"},
                                            {"9223372036854775806", "2"}}) {
            AggregatorRig rig;
            CHECK(!rig.line("mabs c m " + first + flag));
            CHECK(rig.store.records.empty());
            CHECK(!rig.line("mabs c m " + second + flag));
            CHECK(rig.store.records.size() == (flag.empty() ? 1 : 2)); // before the flush
            CHECK(!rig.line("mabs c m 0" + flag));
            const auto records = rig.records();
            for (const auto topic : {Topic::mabs, Topic::by_node}) {
                std::vector<std::string> values;
                std::uint64_t lines = 0;
                for (const auto& record : records) {
                    if (record.topic == topic) {
                        values.push_back(record.value["value"].dump());
                        lines += record.lines;
                    }
                }
                if (topic == Topic::by_node && flag.empty()) {
                    CHECK(values.empty());
                } else {
                    CHECK(values == std::vector<std::string>{first, second});
                    CHECK(lines == 3);
                }
            }
        }
    }
}

TEST_CASE("what reaches the ends of int64 exactly is not sealed") {
    AggregatorRig rig;
    rig.line("mabs c m 9223372036854775806");
    rig.line("mabs c m 1");
    rig.line("mabs c m -9223372036854775807");
    rig.line("mabs c m -9223372036854775808");
    CHECK(rig.store.records.empty());
    CHECK(rig.records()[0].value["value"].dump() == "-9223372036854775808");
}

TEST_CASE("only the flagged part overflows, or only the whole") {
    AggregatorRig rig;
    rig.line("mabs c m 9223372036854775807");
    rig.line("mabs c m -5");
    rig.line("mabs c m 5 by_node=True"); // the whole is at its end again; the part is 5
    rig.line("mabs c m 1 by_node=True");
    CHECK(rig.store.records.size() == 1);
    const auto records = rig.records();
    REQUIRE(records.size() == 3);
    std::map<Topic, std::vector<std::string>> values;
    for (const auto& record : records) {
        values[record.topic].push_back(record.value["value"].dump());
    }
    CHECK(values[Topic::mabs] == std::vector<std::string>{"9223372036854775807", "1"});
    CHECK(values[Topic::by_node] == std::vector<std::string>{"6"});
}

TEST_CASE("a gauge's sum that would not be finite is sealed first") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs g m 1763750431 1.7e308"));
    CHECK(!rig.line("mabs g m 1763750430 1e308"));
    CHECK(rig.store.records.size() == 1);
    CHECK(!rig.line("mabs g m 1763750430 -1e308"));
    CHECK(!rig.line("mabs g m 1763750430 -1e308"));
    CHECK(rig.store.records.size() == 1);
    const auto records = rig.records();
    REQUIRE(records.size() == 2);
    CHECK(records[0].value["sum"] == 1.7e308);
    CHECK(records[0].value["count"] == 1);
    CHECK(records[1].value["sum"] == -1e308);
    CHECK(records[1].value["count"] == 3);
    CHECK(records[1].value["value"] == -1e308);
    CHECK(records[1].value["last_ts"] == 1763750430000);
}

TEST_CASE("an overflow in an older bucket leaves the newest one alone") {
    AggregatorRig rig;
    rig.line("mabs c m" + at(minute_s) + "1");
    rig.line("mabs c m" + at(minute_s - 60) + "9223372036854775807");
    rig.line("mabs c m" + at(minute_s - 60) + "2");
    rig.line("mabs c m" + at(minute_s) + "10");
    CHECK(rig.store.records.size() == 1);
    std::map<std::int64_t, std::vector<std::string>> values;
    for (const auto& record : rig.records()) {
        values[record.value["ts"]].push_back(record.value["value"].dump());
    }
    CHECK(values[minute_s] == std::vector<std::string>{"11"});
    CHECK(values[minute_s - 60] == std::vector<std::string>{"9223372036854775807", "2"});
}

TEST_CASE("each point is one record at once, equal ones included") {
    AggregatorRig rig;
    for (int i = 0; i < 3; ++i) {
        CHECK(!rig.line("put m 1763750400 1.50 b=2 a=1"));
    }
    CHECK(!rig.line("put m 1763750400123 9223372036854775807 by_node=True"));
    CHECK(!rig.line("put m 1763750400 1e2"));
    CHECK(rig.store.records.size() == 5); // no flush yet
    CHECK(rig.aggregator.table().series_count() == 0);
    const auto records = rig.records();
    REQUIRE(records.size() == 5);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(records[i].topic == Topic::tsdb);
        CHECK(records[i].key == "m{a=1,b=2}");
        CHECK(records[i].lines == 1);
        CHECK(records[i].value ==
              nlohmann::json::parse(R"({"v":1,"type":"point","metric":"m","tags":{"a":"1","b":"2"},)"
                                    R"("ts":1763750400,"interval":0,"lines":1,"value":1.5})"));
    }
    CHECK(records[3].key == "m{by_node=True}"); // an ordinary tag there
    CHECK(records[3].value["ts"].dump() == "1763750400.123");
    CHECK(records[3].value["value"].dump() == "9223372036854775807");
    CHECK(records[4].value["value"] == 100);
    CHECK(rig.ledger.of(Topic::tsdb).accepted_lines == 5);
    CHECK(rig.ledger.accepted_lines == 5);
    CHECK(rig.ledger.of(Topic::mabs).accepted_lines == 0);
}

} // namespace
} // namespace agent::aggregate
