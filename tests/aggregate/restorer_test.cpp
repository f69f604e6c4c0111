// What an earlier run left open is open again, to the last bit.
#include "aggregate/restorer.hpp"

#include "aggregate/spelling_table.hpp"
#include "mabs/tdigest.hpp"
#include "support/aggregator_rig.hpp"
#include "support/delta_pipe.hpp"
#include "support/digest_text.hpp"

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::SeriesType;
using core::Topic;
using journal::BucketHead;
using test::AggregatorRig;
using test::DeltaPipe;

constexpr std::int64_t start_ms = 1'763'750'400'000; // of the bucket that the rig's clock is in

void tick(AggregatorRig& rig, DeltaPipe& pipe) {
    REQUIRE(rig.aggregator.changes().write(1 << 20));
    pipe.close_frame();
}

struct NextSink {
    DeltaPipe sink;
};
struct NextRun : NextSink, AggregatorRig {
    explicit NextRun(const AggregatorOptions& options) : AggregatorRig(options, &sink) {}
};

std::unique_ptr<NextRun> restored(const DeltaPipe& pipe, std::int64_t resolution_ms = 60'000) {
    auto options = test::rig_options();
    options.resolution_ms = resolution_ms;
    auto rig = std::make_unique<NextRun>(options);
    auto restorer = rig->aggregator.restorer();
    pipe.replay(restorer);
    restorer.finish();
    return rig;
}

const Bucket& bucket_of(const AggregatorRig& rig, SeriesType type, std::string_view metric) {
    const auto& spellings = rig.aggregator.table().spellings();
    const auto* const found = spellings.find(spellings.hash()(type, metric, ""), type, metric, "");
    REQUIRE(found != nullptr);
    return found->series->current;
}

bool is_same(const mabs::TDigest& one, const mabs::TDigest& other) {
    const auto bits = [](const auto& value) { return reinterpret_cast<const char*>(&value); };
    const auto a = one.centroids();
    const auto b = other.centroids();
    return std::memcmp(bits(one.facts()), bits(other.facts()), sizeof one.facts()) == 0 && a.size() == b.size() &&
           one.settled().size() == other.settled().size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

TEST_CASE("all kinds of buckets come back, and make the records that they would have made") {
    DeltaPipe pipe;
    AggregatorRig rig(test::rig_options(), &pipe);
    const auto now = std::to_string(rig.clock.unix_ms());
    const auto before = std::to_string(rig.clock.unix_ms() - 120'000);
    for (const auto& text : {"mabs c c " + now + " 5 a=1 b=2", "mabs c c " + now + " -7 b=2 a=1 by_node=True",
                             "mabs c c " + before + " 1", "mabs g g " + now + " 2.5", "mabs g g " + before + " -1",
                             "mabs g g " + now + " 0.1 by_node=True", "mabs s h " + now + " 9.75 é=x",
                             "mabs h h " + before + " " + test::digest_text({1, 2, 3}) + " by_node=True"}) {
        REQUIRE(!rig.line(text));
        tick(rig, pipe);
    }
    const auto again = restored(pipe);
    CHECK(again->store.records.empty()); // nothing had to be sealed
    CHECK(again->ledger.of(Topic::mabs).recovered_lines == 8);
    CHECK(again->ledger.of(Topic::by_node).recovered_lines == 3);
    const auto list = [](AggregatorRig& of) {
        std::vector<std::string> values;
        for (const auto& record : of.records()) {
            values.push_back(std::to_string(static_cast<int>(record.topic)) + record.key + record.value.dump());
        }
        std::ranges::sort(values);
        return values;
    };
    const auto values = list(rig);
    CHECK(values.size() == 9);
    CHECK(list(*again) == values);
}

TEST_CASE("digests come back bit by bit after every tick of random merges") {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        DeltaPipe pipe;
        AggregatorRig rig(test::rig_options(), &pipe);
        REQUIRE(!rig.line("mabs s h 1"));
        tick(rig, pipe);
        for (int i = 0; i < 150; ++i) {
            for (auto lines = random() % 12; lines > 0; --lines) {
                std::vector<double> samples(1 + random() % (random() % 4 == 0 ? 300 : 20));
                for (auto& sample : samples) {
                    sample = std::ldexp(static_cast<double>(random()), -static_cast<int>(random() % 40));
                }
                REQUIRE(!rig.line(random() % 2 == 0 ? "mabs s h " + std::to_string(random() % 100)
                                                    : "mabs h h " + test::digest_text(samples)));
            }
            if (random() % 20 == 0) {
                rig.flush();
            }
            tick(rig, pipe);
            const auto& live = bucket_of(rig, SeriesType::histogram, "h");
            const auto again = restored(pipe);
            const auto& bucket = bucket_of(*again, SeriesType::histogram, "h");
            if (!live.is_empty()) {
                REQUIRE(bucket.lines == live.lines);
                REQUIRE(is_same(*bucket.histogram.digest, *live.histogram.digest));
            }
        }
        CHECK(pipe.whole_digests > 5);
        CHECK(pipe.whole_digests < pipe.entries / 2);
    }
}

TEST_CASE("a life that ended without a record is sealed by itself; of two lives none is lost") {
    struct Case {
        bool is_first;
        std::uint32_t lines;
        std::size_t sealed; // records at once
        std::int64_t open;  // value of the bucket then
    };
    for (const auto& [is_first, lines, sealed, open] :
         {Case{true, 9, 1, 40}, Case{true, 2, 1, 40}, Case{false, 9, 0, 40}, Case{false, 2, 1, 40}}) {
        CAPTURE(is_first);
        CAPTURE(lines);
        AggregatorRig rig;
        auto restorer = rig.aggregator.restorer();
        restorer.begin_frame(7);
        restorer.resolution(60'000);
        restorer.define(3, SeriesType::counter, false, "c", "");
        restorer.counter({3, start_ms, 5, true}, 30);
        restorer.begin_frame(8);
        restorer.counter({3, start_ms, lines, is_first}, 40);
        restorer.finish();
        CHECK(rig.store.records.size() == sealed);
        if (sealed != 0) {
            CHECK(rig.store.records[0].origin == journal::Origin{3, start_ms, 7});
            CHECK(rig.store.records[0].lines == 5);
        }
        CHECK(bucket_of(rig, SeriesType::counter, "c").counter.value == open);
        CHECK(rig.ledger.of(Topic::mabs).recovered_lines == lines + (sealed != 0 ? 5 : 0));
    }
}

TEST_CASE("buckets of another resolution are sealed as that run had them") {
    DeltaPipe pipe(60'000);
    AggregatorRig rig(test::rig_options(), &pipe);
    REQUIRE(!rig.line("mabs c c 3"));
    tick(rig, pipe);
    const auto again = restored(pipe, 10'000);
    REQUIRE(again->store.records.size() == 1);
    const auto value = nlohmann::json::parse(again->store.records[0].value);
    CHECK(value["interval"] == 60);
    CHECK(value["ts"] == start_ms / 1000);
    CHECK(again->store.records[0].origin == journal::Origin{1, start_ms, 1});
    CHECK(again->ledger.of(Topic::mabs).recovered_lines == 1);
    again->store.records.clear();
    CHECK(again->records().empty());
}

TEST_CASE("entries that something is missing for change nothing") {
    DeltaPipe sink;
    AggregatorRig rig(test::rig_options(), &sink);
    auto restorer = rig.aggregator.restorer();
    const std::vector<mabs::Centroid> two{{1.0, 1.0}, {2.0, 3.0}};
    const mabs::TDigest::Facts facts{100, 4, 1, 2, 7};
    restorer.begin_frame(1);
    restorer.counter({1, start_ms, 1, true}, 1); // nobody said what 1 is
    restorer.define(2, SeriesType::histogram, false, "h", "");
    restorer.counter({2, start_ms, 1, true}, 1);                               // of another type
    restorer.digest({2, start_ms, 1, false}, {facts, 2, 2, two});              // behind two that nobody has
    restorer.digest({2, start_ms, 1, true}, {{100, 5, 1, 2, 7}, 0, 2, two});   // weights that do not add up
    restorer.digest({2, start_ms, 1, true}, {facts, 0, 2, two});               // this one is good
    restorer.digest({2, start_ms, 3, false}, {{100, 5, 1, 2, 7}, 1, 0, {}});   // of one
    restorer.digest({2, start_ms, 3, false}, {{100, 12, 1, 2, 7}, 2, 0, two}); // a weight is missing
    restorer.finish();
    const auto& bucket = bucket_of(rig, SeriesType::histogram, "h");
    CHECK(bucket.lines == 1);
    CHECK(bucket.histogram.digest->weight() == 4);
    CHECK(rig.ledger.of(Topic::mabs).recovered_lines == 1);
    const auto records = rig.records(); // no resolution was told either: its own
    REQUIRE(records.size() == 1);
    CHECK(records[0].value["interval"] == 60);
}

TEST_CASE("a restored bucket goes on, with its old id") {
    DeltaPipe pipe;
    AggregatorRig rig(test::rig_options(), &pipe);
    REQUIRE(!rig.line("mabs c c 3"));
    tick(rig, pipe);
    AggregatorRig again(test::rig_options(), &pipe);
    auto restorer = again.aggregator.restorer();
    pipe.replay(restorer);
    restorer.finish();
    pipe.rotate();
    REQUIRE(!again.line("mabs c c 4"));
    tick(again, pipe);
    CHECK(pipe.last_series_id == 1);
    const auto third = restored(pipe);
    CHECK(bucket_of(*third, SeriesType::counter, "c").counter.value == 7);
    CHECK(bucket_of(*third, SeriesType::counter, "c").lines == 2);
    CHECK(third->store.records.empty());
    again.flush();
    REQUIRE(again.store.records.size() == 1);
    CHECK(again.store.records[0].origin == journal::Origin{1, start_ms, 2});
}

} // namespace
} // namespace agent::aggregate
