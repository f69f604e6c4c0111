// How the agent is, at one moment: what `stats` answers and what its own record says. Plain values, filled by the app.
#pragma once

#include "core/ledger.hpp"
#include "core/topic.hpp"
#include "observe/log_stream.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::observe {

struct Snapshot {
    std::string_view version;
    std::string_view host;
    std::string_view run;
    std::int64_t start_unix_ms = 0;
    std::int64_t uptime_ms = 0;
    core::Ledger ledger;

    // Further numbers, by name.
    std::vector<std::pair<std::string_view, std::uint64_t>> numbers;

    // Further texts, by name; never empty, no LF.
    std::vector<std::pair<std::string, std::string>> texts;

    std::vector<LogStream> logs;
};

// "name value" lines: version, host, run, times, the ledger, then what else there is.
//   received_lines 12, rejected_lines.bad_value 1, topic.mabs.delivered_lines 10, topic.mabs.dropped_lines.budget 0
//   log.app.read_bytes 1000, log.app.skipped_bytes.hole 4096
// Rejections and what was skipped are listed where there were any; everything else always.
void append_stats(const Snapshot& snapshot, std::string& out);

// The record for the agent topic, one JSON object (docs/records.md): heartbeat and ledger.
std::string agent_record(const Snapshot& snapshot);

} // namespace agent::observe
