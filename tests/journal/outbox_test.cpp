#include "journal/outbox.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using core::Topic;
using journal::Append;
using journal::Outbox;

namespace {

constexpr std::size_t budget_index = static_cast<std::size_t>(core::DropReason::budget);

std::string value_of(std::uint64_t seq, std::size_t size) {
    std::string text = std::to_string(seq);
    text.resize(std::max(size, text.size()), 'x');
    return text;
}

} // namespace

TEST_CASE("records come out in order with their identity") {
    core::Ledger ledger;
    Outbox outbox("run-1", ledger);
    CHECK(outbox.empty());
    CHECK(outbox.append(Topic::mabs, "k1", "v1", 3, 1000) == Append::accepted);
    CHECK(outbox.append(Topic::mabs, "k2", "v2", 4, 1001) == Append::accepted);
    CHECK(outbox.append(Topic::tsdb, "", "p", 1, 1002) == Append::accepted);

    auto first = outbox.peek(Topic::mabs);
    REQUIRE(first);
    CHECK(first->run == "run-1");
    CHECK(first->seq == 1);
    CHECK(first->key == "k1");
    CHECK(first->value == "v1");
    CHECK(first->sealed_ms == 1000);
    outbox.take(Topic::mabs, first->position);
    CHECK(outbox.peek(Topic::mabs)->seq == 2);
    CHECK(outbox.peek(Topic::tsdb)->seq == 1); // each topic counts by itself
    CHECK(!outbox.peek(Topic::by_node));

    CHECK(outbox.stats(Topic::mabs).pending_lines == 7);
    const auto cost = outbox.answered(Topic::mabs, 1);
    CHECK(cost.lines == 3);
    CHECK(cost.size_bytes == 4);
    CHECK(outbox.stats(Topic::mabs).pending_lines == 4);
    CHECK(!outbox.empty());
}

TEST_CASE("what is put back comes first again, the same bytes") {
    core::Ledger ledger;
    Outbox outbox("r", ledger);
    for (int i = 1; i <= 4; ++i) {
        outbox.append(Topic::mabs, "k" + std::to_string(i), "v", 1, i);
    }
    for (std::uint64_t position = 1; position <= 3; ++position) {
        outbox.take(Topic::mabs, position);
    }
    outbox.put_back(Topic::mabs, 3);
    outbox.put_back(Topic::mabs, 1);
    std::vector<std::uint64_t> order;
    while (const auto record = outbox.peek(Topic::mabs)) {
        CHECK(record->key == "k" + std::to_string(record->seq));
        order.push_back(record->seq);
        outbox.take(Topic::mabs, record->position);
    }
    CHECK(order == std::vector<std::uint64_t>{1, 3, 4});
}

TEST_CASE("the watermark waits for the lowest unanswered record") {
    core::Ledger ledger;
    Outbox outbox("r", ledger);
    CHECK(outbox.stats(Topic::mabs).watermark == 0);
    for (int i = 0; i < 3; ++i) {
        outbox.append(Topic::mabs, "k", "v", 1, 0);
        outbox.take(Topic::mabs, outbox.peek(Topic::mabs)->position);
    }
    outbox.answered(Topic::mabs, 3);
    CHECK(outbox.stats(Topic::mabs).watermark == 0);
    outbox.answered(Topic::mabs, 1);
    CHECK(outbox.stats(Topic::mabs).watermark == 1);
    outbox.answered(Topic::mabs, 2);
    CHECK(outbox.stats(Topic::mabs).watermark == 3);
    CHECK(outbox.empty());
    outbox.append(Topic::mabs, "k", "v", 1, 0);
    CHECK(outbox.peek(Topic::mabs)->seq == 4); // going empty does not start the count again
}

TEST_CASE("a position is never given twice") {
    // Two records in flight that are in different segments; the newer one is answered first, its segment leaves, and
    // the older segment still has room.
    core::Ledger ledger;
    Outbox outbox("r", ledger);
    outbox.append(Topic::mabs, "k", "first", 1, 0);
    outbox.append(Topic::mabs, "k", value_of(2, 10'000), 1, 0);
    outbox.take(Topic::mabs, 1);
    outbox.take(Topic::mabs, 2);
    outbox.answered(Topic::mabs, 2);
    outbox.append(Topic::mabs, "k", "third", 1, 0);
    REQUIRE(outbox.peek(Topic::mabs));
    CHECK(outbox.peek(Topic::mabs)->seq == 3);
    CHECK(outbox.peek(Topic::mabs)->value == "third");
}

TEST_CASE("an idle outbox holds no memory, a burst is given back") {
    core::Ledger ledger;
    Outbox outbox("r", ledger, 8 << 20);
    CHECK(outbox.held_bytes() == 0);
    outbox.append(Topic::mabs, "k", "v", 1, 0);
    CHECK(outbox.held_bytes() <= 4096);
    for (int i = 0; i < 5000; ++i) {
        outbox.append(Topic::mabs, "k", value_of(0, 500), 1, 0);
    }
    CHECK(outbox.held_bytes() > 5000 * 500);
    while (const auto record = outbox.peek(Topic::mabs)) {
        outbox.take(Topic::mabs, record->position);
        outbox.answered(Topic::mabs, record->position);
    }
    CHECK(outbox.held_bytes() == 0);
}

TEST_CASE("over budget the oldest of the largest queue go, never what is in flight") {
    core::Ledger ledger;
    Outbox outbox("r", ledger, 64 * 1024);
    outbox.append(Topic::tsdb, "k", value_of(1, 100), 1, 0); // the small queue
    std::vector<forward::RecordView> flying;
    for (int i = 0; i < 300; ++i) {
        REQUIRE(outbox.append(Topic::mabs, "k", value_of(i + 1, 1000), 2, 0) == Append::accepted);
        if (i < 3) {
            flying.push_back(*outbox.peek(Topic::mabs));
            outbox.take(Topic::mabs, flying.back().position);
        }
        CHECK(outbox.held_bytes() <= 64 * 1024);
    }
    for (const auto& record : flying) {
        CHECK(record.value == value_of(record.seq, 1000)); // still readable where it was
    }
    CHECK(ledger.of(Topic::tsdb).dropped_total() == 0);
    const auto& stats = outbox.stats(Topic::mabs);
    CHECK(ledger.of(Topic::mabs).dropped_lines[budget_index] > 2 * 200);
    CHECK(ledger.of(Topic::mabs).dropped_lines[budget_index] + stats.pending_lines == 2 * 300);
    CHECK(stats.taken_records == 3);
    CHECK(outbox.peek(Topic::mabs)->seq > 200); // the newest are kept
    CHECK(stats.last_position == 300);          // what was dropped is a gap that a consumer sees
}

TEST_CASE("when everything is in flight it is full, until an answer comes") {
    core::Ledger ledger;
    Outbox outbox("r", ledger, 64 * 1024);
    std::uint64_t accepted = 0;
    while (outbox.append(Topic::mabs, "k", value_of(1, 3000), 1, 0) == Append::accepted) {
        outbox.take(Topic::mabs, ++accepted);
        REQUIRE(accepted < 1000);
    }
    CHECK(accepted >= 16);
    CHECK(ledger.of(Topic::mabs).dropped_total() == 0);
    CHECK(outbox.append(Topic::by_node, "k", "v", 1, 0) == Append::full);
    outbox.answered(Topic::mabs, 1);
    CHECK(outbox.append(Topic::by_node, "k", "v", 1, 0) == Append::accepted);
    CHECK(outbox.peek(Topic::by_node)->seq == 1); // `full` used no seq
}

TEST_CASE("a record larger than the bound is counted and gone") {
    core::Ledger ledger;
    Outbox outbox("r", ledger, 64 * 1024);
    CHECK(outbox.append(Topic::mabs, "k", value_of(1, 70'000), 5, 0) == Append::accepted);
    CHECK(ledger.of(Topic::mabs).dropped_lines[budget_index] == 5);
    CHECK(outbox.empty());
    CHECK(outbox.append(Topic::mabs, "k", value_of(1, 50'000), 1, 0) == Append::accepted); // larger than a segment
    CHECK(outbox.peek(Topic::mabs)->value.size() == 50'000);
}

TEST_CASE("the rest is dropped at the end but for what is in flight") {
    core::Ledger ledger;
    Outbox outbox("r", ledger);
    for (int i = 0; i < 100; ++i) {
        outbox.append(Topic::mabs, "k", value_of(0, 300), 1, 0);
        outbox.append(Topic::agent, "h", "v", 0, 0);
    }
    outbox.take(Topic::mabs, 50);
    outbox.drop_waiting(core::DropReason::shutdown);
    CHECK(ledger.of(Topic::mabs).dropped_lines[static_cast<std::size_t>(core::DropReason::shutdown)] == 99);
    CHECK(ledger.of(Topic::agent).dropped_total() == 0);
    CHECK(outbox.stats(Topic::mabs).taken_records == 1);
    CHECK(outbox.stats(Topic::mabs).watermark == 49);
    outbox.answered(Topic::mabs, 50);
    CHECK(outbox.empty());
}
