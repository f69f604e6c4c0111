#include "journal/feeder.hpp"

#include "journal/outbox.hpp"
#include "support/recording_consumer.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using core::Topic;
using forward::Fate;
using journal::Pump;
using Positions = std::vector<std::uint64_t>;

namespace {

struct Bench {
    explicit Bench(std::size_t window_bytes = core::limits::in_flight_bytes)
        : outbox("run", ledger), feeder(outbox, consumer, ledger, window_bytes) {}

    void add(Topic topic, int count, std::size_t size = 10, std::uint64_t lines = 1) {
        for (int i = 0; i < count; ++i) {
            REQUIRE(outbox.append(topic, "", std::string(size, 'v'), lines, 0) == journal::Append::accepted);
            ledger.of(topic).accepted_lines += lines;
        }
    }

    void pump_all() {
        for (int i = 0; i < 10'000 && feeder.pump() == Pump::more; ++i) {
        }
    }

    bool adds_up(Topic topic) const { return ledger.of(topic).pending_lines() == outbox.stats(topic).pending_lines; }

    core::Ledger ledger;
    journal::Outbox outbox;
    test::RecordingConsumer consumer;
    journal::Feeder feeder;
};

} // namespace

TEST_CASE("records are offered in order and counted when delivered") {
    Bench bench;
    bench.add(Topic::mabs, 3, 10, 5);
    CHECK(bench.feeder.pump() == Pump::idle);
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3});
    CHECK(bench.feeder.in_flight_records(Topic::mabs) == 3);
    CHECK(bench.feeder.in_flight_bytes(Topic::mabs) == 30);
    CHECK(bench.ledger.of(Topic::mabs).delivered_lines == 0);
    CHECK(bench.consumer.seen[0].run == "run");

    bench.consumer.answer_all(Fate::delivered);
    CHECK(bench.feeder.pump() == Pump::idle);
    CHECK(bench.ledger.of(Topic::mabs).delivered_lines == 15);
    CHECK(bench.ledger.of(Topic::mabs).delivered_records == 3);
    CHECK(bench.feeder.in_flight_records() == 0);
    CHECK(bench.feeder.in_flight_bytes(Topic::mabs) == 0);
    CHECK(bench.outbox.empty());
}

TEST_CASE("no more than the window is in flight, and a larger record goes alone") {
    Bench bench(100);
    bench.add(Topic::mabs, 3, 40);
    bench.add(Topic::mabs, 1, 500);
    bench.add(Topic::mabs, 1, 10);
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2});
    bench.consumer.answer(Topic::mabs, 2, Fate::delivered); // out of order is fine
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3});
    bench.consumer.answer_all(Fate::delivered);
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3, 4});
    bench.consumer.answer_all(Fate::delivered);
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3, 4, 5});
}

TEST_CASE("each topic has a window of its own") {
    Bench bench(100);
    bench.add(Topic::mabs, 10, 50);
    bench.add(Topic::tsdb, 10, 50);
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs).size() == 2);
    CHECK(bench.consumer.positions(Topic::tsdb).size() == 2);
}

TEST_CASE("a topic that takes nothing holds up no other") {
    Bench bench;
    bench.consumer.topic_full[core::index(Topic::mabs)] = true;
    bench.add(Topic::mabs, 5);
    bench.add(Topic::by_node, 2);
    bench.add(Topic::agent, 1);
    CHECK(bench.feeder.pump() == Pump::idle); // it does not ask to be called in a loop
    CHECK(bench.consumer.positions(Topic::mabs).empty());
    CHECK(bench.consumer.positions(Topic::by_node) == Positions{1, 2});
    CHECK(bench.consumer.positions(Topic::agent) == Positions{1});
    bench.consumer.topic_full[core::index(Topic::mabs)] = false;
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3, 4, 5});
}

TEST_CASE("a full consumer is asked again later, from where it stopped") {
    Bench bench;
    bench.add(Topic::mabs, 5);
    bench.consumer.room = 2;
    CHECK(bench.feeder.pump() == Pump::idle);
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2});
    CHECK(bench.feeder.in_flight_records() == 2);
    bench.consumer.room = 100;
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3, 4, 5});
}

TEST_CASE("a nearly full consumer serves the topics in turn") {
    Bench bench;
    for (const Topic topic : core::all_topics) {
        bench.add(topic, 100);
    }
    for (int i = 0; i < 8; ++i) {
        bench.consumer.room = 1;
        bench.feeder.pump();
    }
    for (const Topic topic : core::all_topics) {
        CHECK(bench.consumer.positions(topic).size() == 2);
    }
}

TEST_CASE("what is to be retried comes again before newer records, the same bytes") {
    Bench bench(30);
    bench.add(Topic::mabs, 5);
    bench.pump_all();
    bench.consumer.answer(Topic::mabs, 2, Fate::retry);
    bench.consumer.answer(Topic::mabs, 1, Fate::retry);
    bench.pump_all();
    CHECK(bench.consumer.positions(Topic::mabs) == Positions{1, 2, 3, 1, 2});
    CHECK(bench.consumer.seen[3].value_address == bench.consumer.seen[0].value_address);
    CHECK(bench.consumer.seen[3].seq == 1);
    CHECK(bench.ledger.of(Topic::mabs).delivered_lines == 0);
    CHECK(bench.outbox.stats(Topic::mabs).watermark == 0);
    for (int i = 0; i < 3; ++i) {
        bench.consumer.answer_all(Fate::delivered);
        bench.pump_all();
    }
    CHECK(bench.ledger.of(Topic::mabs).delivered_lines == 5);
    CHECK(bench.outbox.empty());
}

TEST_CASE("every fate has its place in the ledger") {
    Bench bench;
    bench.add(Topic::mabs, 4, 10, 3);
    bench.add(Topic::agent, 1, 10, 0);
    bench.pump_all();
    bench.consumer.answer(Topic::mabs, 1, Fate::delivered);
    bench.consumer.answer(Topic::mabs, 2, Fate::too_large);
    bench.consumer.answer(Topic::mabs, 3, Fate::refused);
    bench.consumer.answer(Topic::mabs, 4, Fate::retry);
    bench.consumer.answer(Topic::agent, 1, Fate::delivered);
    bench.pump_all();
    const auto& row = bench.ledger.of(Topic::mabs);
    CHECK(row.delivered_lines == 3);
    CHECK(row.delivered_records == 1);
    CHECK(row.dropped_lines[static_cast<std::size_t>(core::DropReason::too_large)] == 3);
    CHECK(row.dropped_lines[static_cast<std::size_t>(core::DropReason::refused)] == 3);
    CHECK(row.pending_lines() == 3);
    CHECK(bench.adds_up(Topic::mabs));
    CHECK(bench.ledger.of(Topic::agent).delivered_lines == 0);
    CHECK(bench.ledger.of(Topic::agent).delivered_records == 1);
}

TEST_CASE("one pump is a bounded piece of work") {
    Bench bench(std::size_t{1} << 30);
    bench.add(Topic::mabs, 20'000);
    bench.add(Topic::tsdb, 10);
    CHECK(bench.feeder.pump() == Pump::more);
    CHECK(bench.consumer.seen.size() < 5000);
    bench.pump_all();
    CHECK(bench.consumer.seen.size() == 20'010);
    bench.consumer.answer_all(Fate::delivered);
    CHECK(bench.feeder.pump() == Pump::more);
    CHECK(bench.ledger.of(Topic::mabs).delivered_lines < 5000);
    bench.pump_all();
    CHECK(bench.ledger.of(Topic::mabs).delivered_lines == 20'000);
    CHECK(bench.outbox.empty());
}
