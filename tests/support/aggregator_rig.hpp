// An aggregator with a clock that the test moves and a store that it reads; lines go in as text, records come out as
// JSON.
#pragma once

#include "aggregate/aggregator.hpp"
#include "core/ledger.hpp"
#include "mabs/line_parser.hpp"
#include "support/fake_clock.hpp"
#include "support/recording_store.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace agent::test {

struct ParsedRecord {
    core::Topic topic = core::Topic::mabs;
    std::string key;
    nlohmann::json value;
    std::uint64_t lines = 0;
    std::int64_t sealed_ms = 0;
};

// A minute, ten seconds, a host named "h"; a hash that is the same in every run.
inline aggregate::AggregatorOptions rig_options() {
    aggregate::AggregatorOptions options;
    options.node = "h";
    options.hash_key = {0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5};
    return options;
}

class AggregatorRig {
  public:
    explicit AggregatorRig(const aggregate::AggregatorOptions& options = rig_options(),
                           journal::DeltaSink* deltas = nullptr)
        : aggregator(options, clock, store, ledger, deltas), flush_interval_ms_(options.flush_interval_ms) {}

    FakeClock clock;
    RecordingStore store;
    core::Ledger ledger;
    aggregate::Aggregator aggregator;
    std::string detail; // of the last line

    // One line in a batch of its own.
    mabs::LineError line(std::string_view text, std::string_view peer = "peer") {
        std::array<aggregate::Entry, 1> batch;
        batch[0].text = text;
        batch[0].error = mabs::parse_line(text, mabs::TimeWindow::around(clock.unix_ms()), batch[0].line);
        aggregator.accept(batch, peer);
        detail = batch[0].detail;
        return batch[0].error;
    }

    // All in one batch; the errors.
    std::vector<mabs::LineError> lines(const std::vector<std::string>& texts, std::string_view peer = "peer") {
        std::vector<aggregate::Entry> batch(texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            batch[i].text = texts[i];
            batch[i].error = mabs::parse_line(texts[i], mabs::TimeWindow::around(clock.unix_ms()), batch[i].line);
        }
        aggregator.accept(batch, peer);
        std::vector<mabs::LineError> errors;
        for (const auto& entry : batch) {
            errors.push_back(entry.error);
        }
        return errors;
    }

    // Begins a flush and works it off, as far as the store lets it.
    aggregate::Work flush() {
        aggregator.begin_flush();
        return work_off();
    }

    aggregate::Work work_off() {
        auto work = aggregate::Work::more;
        while (work == aggregate::Work::more) {
            work = aggregator.work();
        }
        return work;
    }

    // Lets flush intervals pass, with a flush at the end of each.
    void pass_rounds(std::uint32_t rounds) {
        for (; rounds > 0; --rounds) {
            clock.advance(flush_interval_ms_);
            flush();
        }
    }

    // Flushes, and gives the records since the last call, parsed.
    std::vector<ParsedRecord> records() {
        flush();
        std::vector<ParsedRecord> list;
        for (const auto& record : store.records) {
            list.push_back(
                {record.topic, record.key, nlohmann::json::parse(record.value), record.lines, record.sealed_ms});
        }
        store.records.clear();
        return list;
    }

    std::vector<ParsedRecord> records(core::Topic topic) {
        std::vector<ParsedRecord> list;
        for (auto& record : records()) {
            if (record.topic == topic) {
                list.push_back(std::move(record));
            }
        }
        return list;
    }

  private:
    std::int64_t flush_interval_ms_;
};

inline std::string reason_of(const mabs::LineError& error) {
    return std::string(core::to_string(error.reason));
}

} // namespace agent::test
