// A SampleSink that keeps a readable copy of each good line, and refuses those that the test names.
#pragma once

#include "aggregate/sample_sink.hpp"
#include "core/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agent::test {

struct SeenLine {
    mabs::Verb verb = mabs::Verb::blank;
    std::string metric;
    std::string tail;
    std::string value;
    std::int64_t timestamp_ms = 0;
    std::string text;

    friend bool operator==(const SeenLine&, const SeenLine&) = default;
};

class RecordingSink final : public aggregate::SampleSink {
  public:
    explicit RecordingSink(core::Ledger& ledger) : ledger_(ledger) {}

    std::vector<SeenLine> lines;
    std::vector<std::size_t> batch_sizes;
    std::vector<std::string> peers; // of each batch
    // What to answer for a good line; may fill the detail. None: everything is accepted.
    std::function<mabs::LineError(aggregate::Entry&)> judge;

    void accept(std::span<aggregate::Entry> batch, std::string_view peer) override {
        batch_sizes.push_back(batch.size());
        peers.emplace_back(peer);
        for (auto& entry : batch) {
            if (entry.error || !mabs::carries_data(entry.line.verb)) {
                continue;
            }
            entry.error = judge ? judge(entry) : mabs::LineError{};
            if (entry.error) {
                continue;
            }
            ++ledger_.accepted_lines;
            lines.push_back({entry.line.verb, std::string(entry.line.metric), std::string(entry.line.tail),
                             std::string(entry.line.value), entry.line.timestamp_ms, std::string(entry.text)});
        }
    }

  private:
    core::Ledger& ledger_;
};

} // namespace agent::test
