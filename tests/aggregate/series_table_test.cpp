#include "aggregate/series_table.hpp"

#include <string>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::SeriesType;

constexpr SpellingHash::Key key{1, 2, 3, 4};
constexpr std::int64_t minute_ms = 60'000;

struct Table : SeriesTable {
    explicit Table(const TableLimits& limits = {}) : SeriesTable(key, limits) {}

    Target target(const std::string& metric, const std::string& tail = {}) {
        mabs::Line line;
        line.verb = mabs::Verb::counter;
        line.metric = metric;
        line.tail = tail;
        Target target;
        const auto error = resolve(line, metric + " " + tail, SeriesType::counter, target);
        CHECK(core::to_string(error.reason) == "none");
        return target;
    }

    Series& series(const std::string& metric) { return *target(metric).series; }

    static void fill(Bucket* bucket) {
        REQUIRE(bucket != nullptr);
        bucket->counter = {7};
        bucket->lines = 1;
    }
};

TEST_CASE("spellings of one series lead to one entry, flagged ones to its twin too") {
    Table table;
    const auto plain = table.target("m", "a=1 b=2");
    const auto other = table.target("m", "b=2  a=1");
    const auto flagged = table.target("m", "b=2 by_node=True a=1");
    const auto flagged_again = table.target("m", "by_node=1 b=2 a=1");
    CHECK(plain.series == other.series);
    CHECK(plain.series == flagged.series);
    CHECK(plain.node_series == nullptr);
    CHECK(other.node_series == nullptr);
    REQUIRE(flagged.node_series != nullptr);
    CHECK(flagged.node_series == flagged_again.node_series);
    CHECK(flagged.node_series == plain.series->twin);
    CHECK(flagged.node_series->is_twin);
    CHECK(!plain.series->is_twin);
    CHECK(flagged.node_series->identity == plain.series->identity);
    CHECK(plain.series->identity->metric() == "m");
    CHECK(plain.series->identity->tail() == "a=1 b=2"); // the canonical spelling
    CHECK(plain.series->identity->kind == SpellingKind::canonical);
    CHECK(table.series_count() == 1);
    CHECK(table.spellings().size() == 4);
}

TEST_CASE("a canonical spelling that comes last is the identity all the same") {
    Table table;
    const auto first = table.target("m", "b=2 a=1");
    CHECK(first.series->identity->tail() == "a=1 b=2");
    CHECK(table.target("m", "a=1 b=2").series == first.series);
    CHECK(table.spellings().size() == 2);
}

TEST_CASE("open buckets: the newest in front, each start once") {
    Table table;
    auto& series = table.series("m");
    auto* const first = table.open_bucket(series, 10 * minute_ms + 5, minute_ms);
    CHECK(first == &series.current);
    CHECK(first->start_ms == 10 * minute_ms);
    Table::fill(first);
    CHECK(table.open_bucket(series, 11 * minute_ms - 1, minute_ms) == first);

    auto* const late = table.open_bucket(series, 9 * minute_ms, minute_ms);
    REQUIRE(late != nullptr);
    CHECK(late != &series.current);
    CHECK(late->start_ms == 9 * minute_ms);
    CHECK(late->is_empty());
    Table::fill(late);
    CHECK(series.current.start_ms == 10 * minute_ms);

    auto* const next = table.open_bucket(series, 12 * minute_ms, minute_ms);
    CHECK(next == &series.current);
    CHECK(next->is_empty());
    Table::fill(next);
    CHECK(table.bucket_count() == 2);
    auto* const middle = table.open_bucket(series, 10 * minute_ms, minute_ms);
    REQUIRE(middle != nullptr);
    CHECK(middle->counter.value == 7); // moved behind, with what was in it
    CHECK(middle->lines == 1);
    CHECK(table.open_bucket(series, 9 * minute_ms, minute_ms) == late);
    CHECK(table.bucket_count() == 2);

    table.close_bucket(series, *middle);
    CHECK(table.bucket_count() == 1);
    CHECK(table.open_bucket(series, 9 * minute_ms, minute_ms) == late);
    table.close_bucket(series, *late);
    table.close_bucket(series, series.current);
    CHECK(table.bucket_count() == 0);
    CHECK(series.current.is_empty());
    CHECK(!series.current.holds(12 * minute_ms, minute_ms)); // an empty bucket holds no time
}

TEST_CASE("an empty current bucket does not hide an older one of the same start") {
    Table table;
    auto& series = table.series("m");
    Table::fill(table.open_bucket(series, 10 * minute_ms, minute_ms));
    auto* const older = table.open_bucket(series, 9 * minute_ms, minute_ms);
    Table::fill(older);
    table.close_bucket(series, series.current);
    CHECK(table.open_bucket(series, 9 * minute_ms, minute_ms) == older);
    table.close_bucket(series, *older);
}

TEST_CASE("a bucket holds its interval and nothing else") {
    Bucket bucket;
    CHECK(!bucket.holds(0, minute_ms));
    bucket.start_ms = 10 * minute_ms;
    CHECK(!bucket.holds(10 * minute_ms - 1, minute_ms));
    CHECK(bucket.holds(10 * minute_ms, minute_ms));
    CHECK(bucket.holds(11 * minute_ms - 1, minute_ms));
    CHECK(!bucket.holds(11 * minute_ms, minute_ms));
    CHECK(!bucket.holds(0, minute_ms));
}

TEST_CASE("sweeping goes on where it ended, and comes round") {
    Table table;
    constexpr int count = 600;
    for (int i = 0; i < count; ++i) {
        table.series("m" + std::to_string(i)).last_round = i % 2 == 0 ? 5 : 10;
    }
    int calls = 1;
    while (!table.sweep(100, 10, false)) { // those older than round 10
        ++calls;
        REQUIRE(calls < 100);
    }
    CHECK(calls >= count / 100);
    CHECK(table.series_count() == count / 2);
    CHECK(table.spellings().size() == count / 2);
    CHECK(table.series("m1").last_round == 10);
    CHECK(table.series_count() == count / 2);
    CHECK(table.series("m0").last_round == 0); // made anew
    CHECK(table.series_count() == count / 2 + 1);
}

TEST_CASE("rounds may wrap around") {
    Table table;
    table.series("old").last_round = 0xFFFFFFF0;
    table.series("new").last_round = 3;
    CHECK(table.sweep(10'000, 0xFFFFFFFF, false));
    CHECK(table.series_count() == 1);
    CHECK(table.series("new").last_round == 3);
}

TEST_CASE("what is in use stays: an open bucket, a place in the change list, a twin that has either") {
    Table table;
    Table::fill(table.open_bucket(table.series("open"), 0, minute_ms));
    table.series("changed").current.in_change_list = true;
    auto* const twin = table.target("twin", "by_node=True").node_series;
    Table::fill(table.open_bucket(*twin, 0, minute_ms));
    table.series("idle");
    CHECK(table.series_count() == 4);
    CHECK(table.sweep(10'000, 1000, false));
    CHECK(table.series_count() == 3);
    CHECK(table.target("twin", "by_node=True").node_series == twin);
}

TEST_CASE("memory is used again: tables of a changing population do not grow") {
    Table table;
    for (int i = 0; i < 1000; ++i) {
        table.target("m" + std::to_string(i), "by_node=True");
    }
    CHECK(table.sweep(100'000, 1000, false));
    const auto bytes = table.size_bytes();
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 1000; ++i) {
            table.target("other" + std::to_string(i + round), "by_node=True");
        }
        CHECK(table.sweep(100'000, 1000, false));
        CHECK(table.series_count() == 0);
        CHECK(table.size_bytes() == bytes);
    }
}

TEST_CASE("forgetting aliases leaves the series and its identity") {
    Table table;
    auto* const series = table.target("m", "b=1 a=2").series;
    table.target("m", "a=2  b=1");
    table.target("m", "a=2 b=1 by_node=True");
    CHECK(table.spellings().size() == 4);
    CHECK(table.sweep(10'000, 0, true));
    CHECK(table.spellings().size() == 1);
    CHECK(table.target("m", "a=2 b=1").series == series);
    CHECK(table.spellings().size() == 1);
    const auto flagged = table.target("m", "a=2 b=1 by_node=True");
    CHECK(flagged.series == series);
    CHECK(flagged.node_series == series->twin);
}

} // namespace
} // namespace agent::aggregate
