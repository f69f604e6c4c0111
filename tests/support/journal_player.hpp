// A random life of agents that share a state directory, one after the other: lines, ticks, flushes, deliveries and disk
// errors, every job of a runner when chance says so, and an end at any moment. A model looks on.
#pragma once

#include "support/journal_model.hpp"
#include "support/journal_rig.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::test {

struct JournalPlan {
    journal::Fsync fsync = journal::Fsync::interval;
    bool loses_power = false; // rather than being killed
    bool disk_fails = false;  // from time to time
    bool is_tight = false;    // a budget that is soon spent, and little memory
};

class JournalPlayer {
  public:
    JournalPlayer(unsigned seed, const JournalPlan& plan) : random_(seed), plan_(plan) {}

    void play() {
        const auto generations = 2 + pick(4);
        for (unsigned i = 0; i < generations; ++i) {
            start();
            for (auto steps = 50 + pick(400); steps > 0; --steps) {
                step();
            }
            end();
        }
        finish();
    }

    JournalModel model;
    std::uint64_t dropped = 0;
    std::uint64_t damaged = 0;
    std::uint64_t recovered = 0;

  private:
    struct Ticket {
        std::uint64_t number = 0;
        std::size_t lines_end = 0;
    };

    unsigned pick(unsigned end) { return static_cast<unsigned>(random_() % end); }
    bool chance(unsigned percent) { return pick(100) < percent; }

    void start() {
        disk_.faults.clear();
        disk_.set_capacity(std::uint64_t{1} << 40);
        JournalRigOptions options;
        options.run = "run-" + std::to_string(++generation_);
        options.fsync = plan_.fsync;
        if (plan_.is_tight) {
            options.max_bytes = 20'000 + pick(40'000);
            options.outbox_bytes = 65'536;
        }
        resolution_ms_ = chance(80) ? 60'000 : 10'000;
        options.resolution_ms = resolution_ms_;
        rig_ = std::make_unique<JournalRig>(disk_, clock_, options);
        REQUIRE(rig_->open().empty());
        damaged += rig_->journal.damage().places + rig_->journal.damage().set_aside_files;
        lines_begin_ = model.line_count();
        tickets_.clear();
        seen_ = 0;
    }

    void step() {
        const auto dice = pick(100);
        if (dice < 30) {
            for (auto lines = 1 + pick(4); lines > 0; --lines) {
                send();
            }
        } else if (dice < 36) {
            tickets_.push_back({rig_->driver.ticket(), model.line_count()});
        } else if (dice < 46) {
            rig_->driver.tick();
        } else if (dice < 56) {
            clock_.advance(20);
            rig_->driver.beat();
        } else if (dice < 58) {
            clock_.advance(pick(3000));
        } else if (dice < 61) {
            begin_flush();
        } else if (dice < 68) {
            rig_->work();
        } else if (dice < 84) {
            step_runner();
        } else if (dice < 90) {
            pump();
        } else if (dice < 98) {
            answer();
        } else {
            change_disk();
        }
        look();
    }

    void step_runner() {
        auto& runner = *std::array{&rig_->writer, &rig_->writer, &rig_->syncer, &rig_->reader}[pick(4)];
        chance(50) ? runner.step() : runner.run_one();
    }

    // Where two flushes follow closer than their syncs, a power loss that keeps the second one's record of a bucket and
    // not the first one's would lose what that one says. Syncs end long before the next flush.
    void begin_flush() {
        if (!plan_.loses_power || (rig_->journal.is_all_safe() && !rig_->journal.has_unwritten_records())) {
            rig_->driver.begin_flush();
        }
    }

    void send() {
        static constexpr std::array<const char*, 4> types{"counter", "gauge", "histogram", "point"};
        const std::string type = types[pick(4)];
        const bool is_point = type == "point";
        const auto metric = "m" + std::to_string(pick(3));
        const bool has_tag = chance(40);
        const bool is_flagged = !is_point && chance(30);
        const auto ts_ms = clock_.unix_ms() - static_cast<std::int64_t>(pick(6)) * 10'000;
        const auto interval_ms = is_point ? 0 : resolution_ms_;
        const auto start_ms = is_point ? ts_ms : ts_ms - ts_ms % resolution_ms_;
        const std::string tag = has_tag ? "a=1" : is_point ? "p=1" : "";
        const auto name = [&](const std::string& tags) { return metric + (tags.empty() ? "" : "{" + tags + "}"); };

        JournalModel::Line line;
        line.places.emplace_back(is_point ? core::Topic::tsdb : core::Topic::mabs, type, name(tag), start_ms,
                                 interval_ms);
        if (!model.has_digit(line.places[0])) {
            return;
        }
        line.digit = model.take_digit(line.places[0]);
        if (is_flagged) {
            line.places.emplace_back(core::Topic::by_node, type, name(tag + (tag.empty() ? "" : ",") + "node=h"),
                                     start_ms, interval_ms);
        }
        const auto value = std::to_string(std::uint64_t{1} << (2 * line.digit));
        const auto text = (is_point ? "put " : "mabs " + (type == "histogram" ? "sample" : type) + " ") + metric + " " +
                          std::to_string(ts_ms) + " " + value + (tag.empty() ? "" : " " + tag) +
                          (is_flagged ? " by_node=True" : "");
        const auto error = rig_->line(text);
        if (!error) {
            model.accepted(std::move(line));
        } else {
            CAPTURE(text);
            REQUIRE(error.reason == core::RejectReason::overloaded);
        }
    }

    void pump() {
        const bool may_repeat = !rig_->journal.is_durable(); // then records go although they are not safe
        rig_->feeder.pump();
        for (; seen_ < rig_->consumer.seen.size(); ++seen_) {
            model.offered(rig_->consumer.seen[seen_], may_repeat, chance(50));
        }
    }

    void answer() {
        for (auto count = 1 + pick(8); count > 0 && !rig_->consumer.open.empty(); --count) {
            const auto& record = rig_->consumer.open[pick(static_cast<unsigned>(rig_->consumer.open.size()))];
            const auto fate = chance(85) ? forward::Fate::delivered : forward::Fate::retry;
            if (fate == forward::Fate::delivered) {
                model.delivered(record.topic, record.run, record.seq);
            }
            rig_->consumer.answer(record.topic, record.position, fate);
        }
    }

    void change_disk() {
        if (!plan_.disk_fails) {
            return;
        }
        disk_.faults.clear();
        disk_.set_capacity(std::uint64_t{1} << 40);
        if (chance(40)) {
            return;
        }
        if (chance(30)) {
            disk_.set_capacity(disk_.used_bytes() + pick(500));
            return;
        }
        static constexpr std::array<Call, 6> calls{Call::write,  Call::create, Call::remove,
                                                   Call::rename, Call::sync,   Call::sync_directory};
        disk_.faults.add({.call = calls[pick(calls.size())],
                          .times = chance(50) ? forever : 1 + pick(3),
                          .skip = pick(4),
                          .written_bytes = pick(2) * pick(200)});
    }

    // What holds at any time.
    void look() {
        for (const auto& ticket : tickets_) {
            if (rig_->driver.safety(ticket.number) == listen::Safety::durable) {
                model.promised(lines_begin_, ticket.lines_end);
            }
        }
        std::erase_if(tickets_, [&](const Ticket& ticket) {
            return rig_->driver.safety(ticket.number) != listen::Safety::pending;
        });
        for (const auto topic : core::all_topics) {
            const auto& row = rig_->ledger.of(topic);
            REQUIRE(row.accepted_lines + row.recovered_lines >= row.delivered_lines + row.dropped_total());
            REQUIRE(rig_->outbox.stats(topic).pending_lines <= row.pending_lines());
        }
    }

    void end() {
        const auto dice = pick(10);
        if (dice < 2) {
            disk_.faults.clear();
            disk_.set_capacity(std::uint64_t{1} << 40);
            rig_->consumer.room = 0; // Kafka is away
            const bool is_closed = rig_->close();
            if (!rig_->aggregator.is_flushing()) { // it had room for everything
                CHECK(is_closed);
                for (const auto topic : core::all_topics) {
                    CHECK(rig_->ledger.of(topic).pending_lines() == rig_->outbox.stats(topic).pending_lines);
                }
            }
        } else if (dice < 6) { // in the middle of a job
            disk_.faults.add({.times = forever, .skip = pick(12), .written_bytes = pick(2) * pick(300)});
            if (rig_->writer.waiting() == 0) {
                rig_->driver.beat();
            }
            rig_->writer.run_job();
            if (chance(30)) {
                rig_->syncer.run_job();
            }
        }
        leave();
        disk_.faults.clear();
        // A kill would make the next run forget which files had an fdatasync that failed.
        if (plan_.loses_power && (plan_.disk_fails || chance(70))) {
            disk_.keeps_order = true; // of the writes to one file that no sync has had
            disk_.lose_power(power_);
        } else {
            disk_.crash();
        }
        rig_.reset();
    }

    void leave() {
        for (const auto topic : core::all_topics) {
            dropped += rig_->ledger.of(topic).dropped_total();
            recovered += rig_->ledger.of(topic).recovered_lines;
        }
        rig_->kill();
        CHECK(disk_.misuses() == 0);
    }

    // A healthy disk, and Kafka is there: all goes, and nothing is left.
    void finish() {
        start();
        rig_->beats(5);
        for (int i = 0; i < 1000 && (rig_->pending_lines() != 0 || !rig_->outbox.empty()); ++i) {
            rig_->flush();
            rig_->beat(1000);
            pump();
            for (const auto& record : rig_->consumer.open) {
                model.delivered(record.topic, record.run, record.seq);
            }
            rig_->consumer.answer_all(forward::Fate::delivered);
        }
        CHECK(rig_->pending_lines() == 0);
        CHECK(rig_->outbox.empty());
        CHECK(rig_->close());
        leave();
        CHECK(disk_.open_descriptors() == 1); // of the lock
        for (const auto& path : disk_.paths()) {
            const bool is_expected = path == "/state/lock" || path.ends_with("/watermark") ||
                                     (plan_.loses_power && path.starts_with("/state/set-aside/"));
            CHECK_MESSAGE(is_expected, "left behind: ", path);
        }
        rig_.reset();
    }

    std::mt19937_64 random_;
    std::mt19937 power_{static_cast<std::mt19937::result_type>(random_())};
    JournalPlan plan_;
    FakeClock clock_;
    FakeFileSystem disk_;
    std::unique_ptr<JournalRig> rig_;
    std::int64_t resolution_ms_ = 60'000;
    unsigned generation_ = 0;
    std::size_t lines_begin_ = 0;
    std::vector<Ticket> tickets_;
    std::size_t seen_ = 0;
};

} // namespace agent::test
