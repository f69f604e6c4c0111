// The outbox against a list of records for each topic, under random operations.
#include "journal/outbox.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace agent;
using core::Topic;
using journal::Append;
using journal::Outbox;

namespace {

constexpr std::size_t budget_index = static_cast<std::size_t>(core::DropReason::budget);

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
        Model::Record record{
            .key = "k" + std::to_string(pick(1000)),
            .value = std::string(pick(20) == 0 ? pick(9000) : pick(400), static_cast<char>('a' + pick(26))),
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
    Outbox outbox_;
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
