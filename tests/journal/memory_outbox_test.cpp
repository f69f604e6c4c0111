#include "journal/memory_outbox.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace agent;
using core::Topic;
using journal::Append;
using journal::MemoryOutbox;

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
    MemoryOutbox outbox("run-1", ledger);
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
    MemoryOutbox outbox("r", ledger);
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
    MemoryOutbox outbox("r", ledger);
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
    MemoryOutbox outbox("r", ledger);
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
    MemoryOutbox outbox("r", ledger, 8 << 20);
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
    MemoryOutbox outbox("r", ledger, 64 * 1024);
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
    MemoryOutbox outbox("r", ledger, 64 * 1024);
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
    MemoryOutbox outbox("r", ledger, 64 * 1024);
    CHECK(outbox.append(Topic::mabs, "k", value_of(1, 70'000), 5, 0) == Append::accepted);
    CHECK(ledger.of(Topic::mabs).dropped_lines[budget_index] == 5);
    CHECK(outbox.empty());
    CHECK(outbox.append(Topic::mabs, "k", value_of(1, 50'000), 1, 0) == Append::accepted); // larger than a segment
    CHECK(outbox.peek(Topic::mabs)->value.size() == 50'000);
}

TEST_CASE("the rest is dropped at the end but for what is in flight") {
    core::Ledger ledger;
    MemoryOutbox outbox("r", ledger);
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

namespace {

// What the outbox promises, in the plainest words: a list of records for each topic.
struct Model {
    struct Record {
        std::string key;
        std::string value;
        std::uint64_t lines;
        bool taken = false;
    };
    std::array<std::map<std::uint64_t, Record>, core::topic_count> topics;
    std::array<std::uint64_t, core::topic_count> last{};
    std::array<std::uint64_t, core::topic_count> accepted_lines{};
    std::array<std::uint64_t, core::topic_count> answered_lines{};
};

class Player {
  public:
    explicit Player(std::uint32_t seed, std::size_t budget)
        : budget_(budget), outbox_("r", ledger_, budget), random_(seed) {}

    void step() {
        const auto topic = core::all_topics[pick(core::topic_count)];
        switch (pick(8)) {
        case 0:
        case 1:
        case 2:
        case 3: append(topic); break;
        case 4:
        case 5: take(topic); break;
        case 6: answer(topic); break;
        default: put_back(topic); break;
        }
        check(topic);
    }

  private:
    std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

    void append(Topic topic) {
        const std::size_t i = core::index(topic);
        Model::Record record{.key = "k" + std::to_string(pick(1000)),
                             .value = value_of(model_.last[i] + 1, pick(20) == 0 ? pick(9000) : pick(400)),
                             .lines = pick(5)};
        if (outbox_.append(topic, record.key, record.value, record.lines, 7) == Append::full) {
            for (const Topic any : core::all_topics) { // full only when nothing could be dropped for it
                forget_dropped(any);
            }
            return;
        }
        model_.accepted_lines[i] += record.lines;
        model_.topics[i].emplace(++model_.last[i], std::move(record));
        for (const Topic any : core::all_topics) {
            forget_dropped(any);
        }
    }

    // Follows what was dropped for the budget: it must be waiting records, counted in lines.
    void forget_dropped(Topic topic) {
        const std::size_t i = core::index(topic);
        const std::uint64_t dropped = ledger_.of(topic).dropped_lines[budget_index];
        std::uint64_t lines = dropped - dropped_before_[i];
        dropped_before_[i] = dropped;
        auto waiting = model_.topics[i].size() - taken_[i].size();
        const auto now_waiting = outbox_.stats(topic).waiting_records;
        // Segments without a taken record go, oldest first: everything dropped lies in runs between taken records.
        const auto kept = kept_waiting(topic);
        for (auto it = model_.topics[i].begin(); it != model_.topics[i].end();) {
            if (!it->second.taken && !kept.contains(it->first)) {
                REQUIRE(lines >= it->second.lines);
                lines -= it->second.lines;
                it = model_.topics[i].erase(it);
                --waiting;
            } else {
                ++it;
            }
        }
        REQUIRE(lines == 0);
        REQUIRE(waiting == now_waiting);
    }

    // Takes and puts back all that waits, which tells what is there without looking inside.
    std::map<std::uint64_t, bool> kept_waiting(Topic topic) {
        std::map<std::uint64_t, bool> kept;
        while (const auto record = outbox_.peek(topic)) {
            outbox_.take(topic, record->position);
            kept.emplace(record->position, true);
        }
        for (const auto& [position, unused] : kept) {
            outbox_.put_back(topic, position);
        }
        return kept;
    }

    void take(Topic topic) {
        const std::size_t i = core::index(topic);
        const auto record = outbox_.peek(topic);
        std::uint64_t lowest = 0;
        for (const auto& [position, held] : model_.topics[i]) {
            if (!held.taken) {
                lowest = position;
                break;
            }
        }
        REQUIRE(record.has_value() == (lowest != 0));
        if (record) {
            REQUIRE(record->position == lowest);
            model_.topics[i].at(lowest).taken = true;
            taken_[i].emplace(lowest, *record);
            outbox_.take(topic, lowest);
        }
    }

    std::uint64_t pick_taken(std::size_t i) {
        auto it = taken_[i].begin();
        std::advance(it, pick(taken_[i].size()));
        return it->first;
    }

    void answer(Topic topic) {
        const std::size_t i = core::index(topic);
        if (taken_[i].empty()) {
            return;
        }
        const std::uint64_t position = pick_taken(i);
        const auto& record = model_.topics[i].at(position);
        const auto cost = outbox_.answered(topic, position);
        REQUIRE(cost.lines == record.lines);
        REQUIRE(cost.size_bytes == record.key.size() + record.value.size());
        model_.answered_lines[i] += record.lines;
        model_.topics[i].erase(position);
        taken_[i].erase(position);
    }

    void put_back(Topic topic) {
        const std::size_t i = core::index(topic);
        if (!taken_[i].empty()) {
            const std::uint64_t position = pick_taken(i);
            outbox_.put_back(topic, position);
            model_.topics[i].at(position).taken = false;
            taken_[i].erase(position);
        }
    }

    void check(Topic topic) {
        const std::size_t i = core::index(topic);
        const auto& stats = outbox_.stats(topic);
        REQUIRE(outbox_.held_bytes() <= budget_);
        REQUIRE(stats.taken_records == taken_[i].size());
        REQUIRE(stats.waiting_records + stats.taken_records == model_.topics[i].size());
        REQUIRE(stats.last_position == model_.last[i]);
        REQUIRE(model_.accepted_lines[i] ==
                model_.answered_lines[i] + ledger_.of(topic).dropped_total() + stats.pending_lines);
        const auto lowest = model_.topics[i].empty() ? model_.last[i] + 1 : model_.topics[i].begin()->first;
        REQUIRE(stats.watermark == lowest - 1);
        for (const auto& [position, view] : taken_[i]) { // addresses hold while a record is in flight
            const auto& record = model_.topics[i].at(position);
            REQUIRE(view.key == record.key);
            REQUIRE(view.value == record.value);
        }
    }

    std::size_t budget_;
    core::Ledger ledger_;
    MemoryOutbox outbox_;
    std::mt19937 random_;
    Model model_;
    std::array<std::map<std::uint64_t, forward::RecordView>, core::topic_count> taken_;
    std::array<std::uint64_t, core::topic_count> dropped_before_{};
};

} // namespace

TEST_CASE("random operations agree with the model") {
    for (const std::size_t budget : {std::size_t{40'000}, std::size_t{200'000}}) {
        for (std::uint32_t seed = 1; seed <= 5; ++seed) {
            CAPTURE(seed);
            Player player(seed, budget);
            for (int i = 0; i < 1500; ++i) {
                player.step();
            }
        }
    }
}
