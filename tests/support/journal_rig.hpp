// A process with a state directory but for its sockets and its Kafka: lines go in as text, runners and clock move when
// the test says so, and the disk outlives it.
#pragma once

#include "aggregate/aggregator.hpp"
#include "app/journal_driver.hpp"
#include "core/ledger.hpp"
#include "journal/feeder.hpp"
#include "journal/journal.hpp"
#include "journal/outbox.hpp"
#include "mabs/line_parser.hpp"
#include "support/aggregator_rig.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/manual_runner.hpp"
#include "support/recording_consumer.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agent::test {

struct JournalRigOptions {
    std::string run = "run-1";
    journal::Fsync fsync = journal::Fsync::interval;
    std::uint64_t max_bytes = core::limits::journal_bytes;
    std::size_t outbox_bytes = core::limits::outbox_bytes;
    std::int64_t resolution_ms = 60'000;
};

inline aggregate::AggregatorOptions rig_options(std::int64_t resolution_ms) {
    auto options = rig_options();
    options.resolution_ms = resolution_ms;
    return options;
}

class JournalRig {
  public:
    static constexpr const char* directory = "/state";

    JournalRig(FakeFileSystem& disk, FakeClock& its_clock, const JournalRigOptions& options = {})
        : clock(its_clock),
          outbox(options.run, ledger, options.outbox_bytes),
          journal(disk, {writer, syncer, reader}, {directory, options.max_bytes, options.fsync, options.resolution_ms},
                  outbox, clock, [this] { driver.wake(); }),
          aggregator(rig_options(options.resolution_ms), clock, outbox, ledger, &journal.deltas()),
          driver(aggregator, &journal, clock),
          feeder(outbox, consumer, ledger) {
        driver.on_change([this] { ++rings; }, [this] { ++hurries; });
    }

    // Before anything else. The error, empty where all is well.
    std::string open() {
        if (const auto opened = journal.open(); !opened) {
            return opened.error();
        }
        auto restorer = aggregator.restorer();
        journal.replay(restorer);
        return {};
    }

    FakeClock& clock;
    core::Ledger ledger;
    ManualRunner writer;
    ManualRunner syncer;
    ManualRunner reader;
    journal::Outbox outbox;
    journal::Journal journal;
    aggregate::Aggregator aggregator;
    app::JournalDriver driver;
    RecordingConsumer consumer;
    journal::Feeder feeder;
    int rings = 0;
    int hurries = 0;

    mabs::LineError line(std::string_view text) {
        std::array<aggregate::Entry, 1> batch;
        batch[0].text = text;
        batch[0].error = mabs::parse_line(text, mabs::TimeWindow::around(clock.unix_ms()), batch[0].line);
        driver.accept(batch, "peer");
        return batch[0].error;
    }

    // One slice of a flush, if one is at work.
    aggregate::Work work() {
        const auto work = aggregator.work();
        if (work != aggregate::Work::more) {
            driver.end_flush();
        }
        return work;
    }

    // As far as the outbox has room.
    void flush() {
        driver.begin_flush();
        while (work() == aggregate::Work::more) {
        }
    }

    // Everything that runners have to do, and that comes of it.
    void run_all() {
        while (writer.step() || syncer.step() || reader.step()) {
        }
    }

    // As the daemon does while there is work.
    void beat(std::int64_t passed_ms = 20) {
        clock.advance(passed_ms);
        driver.beat();
        run_all();
    }
    void beats(int count, std::int64_t each_ms = 20) {
        for (; count > 0; --count) {
            beat(each_ms);
        }
    }

    // What has been sent is delivered, until nothing more comes.
    void deliver_all() {
        for (std::size_t seen = SIZE_MAX; seen != consumer.seen.size() || !outbox.empty();) {
            seen = consumer.seen.size();
            feeder.pump();
            consumer.answer_all(forward::Fate::delivered);
            feeder.pump();
            run_all();
            if (seen == consumer.seen.size() && consumer.open.empty()) {
                break;
            }
        }
    }

    std::uint64_t pending_lines() const {
        std::uint64_t lines = 0;
        for (const auto topic : core::all_topics) {
            lines += ledger.of(topic).pending_lines();
        }
        return lines;
    }

    // As a daemon that has taken in its last line; false where the journal does not come to its end.
    bool close() {
        driver.begin_flush(true);
        while (work() == aggregate::Work::more) {
        }
        for (int i = 0; i < 100 && driver.has_work(); ++i) {
            beat();
        }
        journal.begin_close();
        for (int i = 0; i < 3000 && !journal.is_closed(); ++i) {
            journal.beat();
            run_all();
            clock.advance(1);
        }
        return journal.is_closed();
    }

    // Nothing that was under way will ever be heard of.
    void kill() {
        writer.drop_all();
        syncer.drop_all();
        reader.drop_all();
    }
};

} // namespace agent::test
