// A journal and its outbox on a fake disk, without an aggregator: the test says what is in a tick.
#pragma once

#include "core/ledger.hpp"
#include "journal/journal.hpp"
#include "journal/outbox.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/manual_runner.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::test {

// The counters that a replay gives.
class CounterReplay final : public journal::Restoration {
  public:
    std::map<std::pair<std::string, std::int64_t>, std::int64_t> values; // metric, start
    std::size_t entries = 0;
    bool is_finished = false;

    void begin_frame(std::uint64_t) override {}
    void resolution(std::int64_t) override {}
    void define(std::uint64_t id, core::SeriesType, bool, std::string_view metric, std::string_view) override {
        names_[id] = metric;
    }
    void counter(const journal::BucketHead& head, std::int64_t value) override {
        values[{names_[head.series_id], head.start_ms}] = value;
        ++entries;
    }
    void gauge(const journal::BucketHead&, const journal::GaugeDelta&) override {}
    void digest(const journal::BucketHead&, const journal::DigestDelta&) override {}
    void finish() override { is_finished = true; }

  private:
    std::map<std::uint64_t, std::string> names_;
};

struct StateRigOptions {
    std::string run = "run-1";
    journal::Fsync fsync = journal::Fsync::interval;
    std::uint64_t max_bytes = core::limits::journal_bytes;
    std::size_t outbox_bytes = core::limits::outbox_bytes;
};

class StateRig {
  public:
    explicit StateRig(FakeFileSystem& disk, const StateRigOptions& options = {})
        : outbox(options.run, ledger, options.outbox_bytes),
          journal(disk, {writer, syncer, reader}, {"/state", options.max_bytes, options.fsync, 60'000}, outbox, clock,
                  [] {}) {}

    FakeClock clock;
    core::Ledger ledger;
    ManualRunner writer;
    ManualRunner syncer;
    ManualRunner reader;
    journal::Outbox outbox;
    journal::Journal journal;
    CounterReplay replayed;

    std::string open() {
        if (const auto opened = journal.open(); !opened) {
            return opened.error();
        }
        journal.replay(replayed);
        return {};
    }

    void counter(std::uint64_t id, std::int64_t start_ms, std::int64_t value, bool is_first = false) {
        auto& deltas = journal.deltas();
        deltas.define(id, core::SeriesType::counter, false, "m" + std::to_string(id), "");
        deltas.counter({id, start_ms, 1, is_first}, value);
    }
    journal::Append record(core::Topic topic, std::string_view value, const journal::Origin& origin = {}) {
        return outbox.append(topic, "key", value, 1, 1000, origin);
    }

    void run_all() {
        while (writer.step() || syncer.step() || reader.step()) {
        }
    }
    void write() {
        if (journal.is_ready()) {
            journal.write(true, clock.steady_ms());
        }
        run_all();
    }
    void beats(int count = 60, std::int64_t each_ms = 50) {
        for (; count > 0; --count) {
            clock.advance(each_ms);
            write();
            journal.beat();
            run_all();
        }
    }
    void flush() {
        journal.begin_flush();
        journal.end_flush();
    }

    // Takes what waits, and gives it as run/seq=value; "absent" segments are read.
    std::vector<std::string> take(core::Topic topic, std::size_t most = SIZE_MAX) {
        std::vector<std::string> list;
        for (int tries = 0; tries < 3 && list.size() < most;) {
            const auto record = outbox.peek(topic);
            if (!record) {
                ++tries;
                run_all();
                continue;
            }
            tries = 0;
            list.push_back(std::string(record->run) + "/" + std::to_string(record->seq) + "=" +
                           std::string(record->value.substr(0, 20)));
            positions.push_back(record->position);
            outbox.take(topic, record->position);
        }
        return list;
    }
    std::vector<std::uint64_t> positions; // of all that take() took

    std::uint64_t dropped(core::Topic topic, core::DropReason reason) const {
        return ledger.of(topic).dropped_lines[static_cast<std::size_t>(reason)];
    }
};

} // namespace agent::test
