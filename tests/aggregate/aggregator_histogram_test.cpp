// Histograms: digests and samples of one series come together, exactly in count, min, max and sum.
#include "aggregate/aggregator.hpp"
#include "mabs/digest_decode.hpp"
#include "support/aggregator_rig.hpp"
#include "support/digest_text.hpp"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::Topic;
using test::AggregatorRig;
using test::digest_text;
using test::heavy_digest_text;
using test::reason_of;

constexpr double two_53 = 9007199254740992.0;

mabs::TDigest digest_of(const test::ParsedRecord& record) {
    std::vector<std::byte> scratch;
    mabs::TDigest digest;
    const bool is_good =
        mabs::decode_digest_text(record.value["digest"].get<std::string>(), scratch, digest).has_value();
    REQUIRE(is_good);
    return digest;
}

TEST_CASE("samples become one digest") {
    AggregatorRig rig;
    for (int i = 1; i <= 1000; ++i) {
        REQUIRE(!rig.line("mabs sample db.ms " + std::to_string(i) + " db=users"));
    }
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    const auto& value = records[0].value;
    CHECK(records[0].key == "db.ms{db=users}");
    CHECK(value["type"] == "histogram");
    CHECK(value["lines"] == 1000);
    CHECK(value["count"] == 1000);
    CHECK(value["min"] == 1);
    CHECK(value["max"] == 1000);
    CHECK(value["sum"] == 500500);
    const auto digest = digest_of(records[0]);
    CHECK(digest.weight() == 1000);
    CHECK(digest.min() == 1);
    CHECK(digest.max() == 1000);
    CHECK(digest.centroids().size() < 250);
}

TEST_CASE("digests and samples come together, whatever their order") {
    const auto low = digest_text({1, 2, 3});
    const auto high = digest_text({10, 20.5});
    for (const auto& lines : {std::vector<std::string>{"h m " + low, "s m -4", "h m " + high},
                              std::vector<std::string>{"s m -4", "h m " + high, "h m " + low},
                              std::vector<std::string>{"histogram m " + high, "histogram m " + low, "sample m -4"}}) {
        AggregatorRig rig;
        for (const auto& line : lines) {
            CHECK(!rig.line("mabs " + line));
        }
        const auto records = rig.records();
        REQUIRE(records.size() == 1);
        CHECK(records[0].lines == 3);
        CHECK(records[0].value["count"] == 6);
        CHECK(records[0].value["min"] == -4);
        CHECK(records[0].value["max"] == 20.5);
        CHECK(records[0].value["sum"] == 32.5);
        CHECK(digest_of(records[0]).weight() == 6);
    }
}

TEST_CASE("a flagged histogram is on both topics, the part that was flagged") {
    AggregatorRig rig;
    rig.line("mabs h m " + digest_text({1, 2, 3}) + " by_node=True");
    rig.line("mabs s m 10");
    rig.line("mabs s m 20 by_node=True");
    const auto records = rig.records();
    REQUIRE(records.size() == 2);
    for (const auto& record : records) {
        const bool is_part = record.topic == Topic::by_node;
        CHECK(record.value["count"] == (is_part ? 4 : 5));
        CHECK(record.value["sum"] == (is_part ? 26 : 36));
        CHECK(record.lines == (is_part ? 2 : 3));
    }
}

TEST_CASE("a histogram starts afresh after a flush, and its memory is given back") {
    AggregatorRig rig;
    rig.line("mabs s m 1");
    rig.records();
    const auto bytes = rig.aggregator.table().size_bytes();
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 500; ++i) {
            rig.line("mabs s m " + std::to_string(i));
        }
        CHECK(rig.aggregator.table().size_bytes() > bytes);
        const auto records = rig.records();
        REQUIRE(records.size() == 1);
        CHECK(records[0].value["count"] == 500);
        CHECK(rig.aggregator.table().size_bytes() == bytes);
    }
}

TEST_CASE("each bucket has a digest of its own") {
    AggregatorRig rig;
    rig.line("mabs s m 1763750400 1");
    rig.line("mabs s m 1763750460 10");
    rig.line("mabs s m 1763750340 100");
    rig.line("mabs h m 1763750400 " + digest_text({2, 3}));
    std::map<std::int64_t, double> sums;
    for (const auto& record : rig.records()) {
        CHECK(sums.emplace(record.value["ts"], record.value["sum"]).second);
        CHECK(digest_of(record).weight() == record.value["count"]);
    }
    CHECK(sums == std::map<std::int64_t, double>{{1763750340, 100}, {1763750400, 6}, {1763750460, 10}});
}

TEST_CASE("what would pass 2^53 of weight is sealed first") {
    struct Row {
        double held;
        std::string next; // "s 1" or a digest's weight
        bool is_sealed;
    };
    const Row rows[] = {
        {two_53 - 1, "s", false}, // 2^53 itself is exact
        {two_53, "s", true},      // 2^53 + 1 is no double: it would round down to 2^53 and look as if it fitted
        {two_53 - 2, "2", false},
        {two_53 - 2, "3", true},
        {two_53 - 2, "4", true},
        {two_53, "1", true},
        {two_53, "2", true},
        {two_53 - 1, "1", false},
        {two_53 - 1, "2", true},
        {two_53 / 2, "4503599627370496", false},
        {two_53 / 2, "4503599627370497", true},
    };
    for (const auto& [held, next, is_sealed] : rows) {
        CAPTURE(held);
        CAPTURE(next);
        AggregatorRig rig;
        REQUIRE(!rig.line("mabs h m " + heavy_digest_text(1, held)));
        REQUIRE(!rig.line(next == "s" ? "mabs s m 1" : "mabs h m " + heavy_digest_text(1, std::stod(next))));
        CHECK(rig.store.records.size() == (is_sealed ? 1 : 0));
        const auto records = rig.records();
        const auto next_weight = next == "s" ? 1 : std::stod(next);
        REQUIRE(records.size() == (is_sealed ? 2 : 1));
        CHECK(records[0].value["count"] == (is_sealed ? held : held + next_weight));
        if (is_sealed) {
            CHECK(records[1].value["count"] == next_weight);
        }
        for (const auto& record : records) {
            CHECK(digest_of(record).weight() == record.value["count"]);
        }
    }
}

TEST_CASE("what would make the sum infinite is sealed first") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs s m 1.7e308"));
    CHECK(!rig.line("mabs s m 1.7e308"));
    CHECK(rig.store.records.size() == 1);
    CHECK(!rig.line("mabs h m " + digest_text({1.5e308})));
    CHECK(rig.store.records.size() == 2);
    CHECK(!rig.line("mabs s m -1.7e308")); // back to where it fits
    const auto records = rig.records();
    REQUIRE(records.size() == 3);
    CHECK(records[0].value["sum"] == 1.7e308);
    CHECK(records[1].value["sum"] == 1.7e308);
    CHECK(records[2].value["count"] == 2);
    CHECK(records[2].value["min"] == -1.7e308);
}

TEST_CASE("a digest whose own sum is infinite is taken, in records by itself") {
    AggregatorRig rig;
    const auto huge = heavy_digest_text(1.7e308, 2);
    CHECK(!rig.line("mabs h m " + huge));
    CHECK(!rig.line("mabs h m " + huge));
    CHECK(!rig.line("mabs s m 1"));
    const auto records = rig.records();
    REQUIRE(records.size() == 3);
    CHECK(records[0].value["sum"].is_null());
    CHECK(records[0].value["count"] == 2);
    CHECK(records[2].value["sum"] == 1);
}

// Clients send them: a timer that nobody used in an interval.
TEST_CASE("an empty digest is a line like any other") {
    const auto empty = digest_text(std::vector<double>{});
    AggregatorRig rig;
    REQUIRE(reason_of(rig.line("mabs h m " + empty)) == "none");
    auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].lines == 1); // the ledger must come out even
    CHECK(records[0].value["count"] == 0);

    rig.line("mabs h m " + empty + " by_node=True");
    rig.line("mabs s m 5");
    rig.line("mabs h m " + empty);
    for (const auto& record : rig.records(Topic::mabs)) {
        CHECK(record.lines == 3);
        CHECK(record.value["count"] == 1);
        CHECK(record.value["min"] == 5);
        CHECK(record.value["max"] == 5);
        CHECK(record.value["sum"] == 5);
    }
}

TEST_CASE("a bad byte inside a digest is not taken for Base64") {
    AggregatorRig rig;
    auto text = digest_text({1, 2, 3});
    text[20] = '\x7F';
    CHECK(reason_of(rig.line("mabs h m " + text)) == "bad_base64");
    CHECK(rig.aggregator.table().series_count() == 0);
}

} // namespace
} // namespace agent::aggregate
