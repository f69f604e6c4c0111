// What the agent says of itself: the answers to `stats` and `version`, and the record that it sends each minute. Reads
// the rooms, changes nothing. One thread.
#pragma once

#include "aggregate/aggregator.hpp"
#include "app/journal_driver.hpp"
#include "app/log_shipper.hpp"
#include "app/output.hpp"
#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "journal/feeder.hpp"
#include "journal/outbox.hpp"
#include "listen/agent_info.hpp"
#include "listen/listen_stats.hpp"
#include "observe/busy_histogram.hpp"
#include "observe/snapshot.hpp"

#include <cstdint>
#include <string>

namespace agent::app {

// Everything outlives the status.
struct StatusSources {
    const core::Clock& clock;
    const core::Ledger& ledger;
    const aggregate::Aggregator& aggregator;
    const JournalDriver& journal;
    const journal::Outbox& outbox;
    const journal::Feeder& feeder;
    const Output& output;
    const listen::ListenStats& listen;
    const observe::BusyHistogram& loop;
    const LogShipper& logs;
};

class Status final : public listen::AgentInfo {
  public:
    Status(const StatusSources& sources, std::string host, std::string run);

    std::string version_line() const override;
    void append_stats(std::string& out) const override;

    // The ledger record: key and value.
    const std::string& host() const { return host_; }
    std::string agent_record() const;

  private:
    observe::Snapshot snapshot(std::size_t log_files_max) const;
    void append_loop(observe::Snapshot& snapshot) const;
    void append_journal(observe::Snapshot& snapshot) const;

    StatusSources sources_;
    std::string host_;
    std::string run_;
    std::int64_t start_unix_ms_;
    std::int64_t start_steady_ms_;
};

} // namespace agent::app
