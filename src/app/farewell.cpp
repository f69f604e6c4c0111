#include "app/farewell.hpp"

#include "core/topic.hpp"

#include <cstdint>
#include <string>

namespace agent::app {

namespace {

// " (budget: 12)"
std::string dropped_reasons(const core::TopicLedger& row) {
    std::string text;
    for (std::size_t i = 0; i < core::drop_reason_count; ++i) {
        if (row.dropped_lines[i] != 0) {
            text.append(text.empty() ? " (" : ", ").append(to_string(static_cast<core::DropReason>(i)));
            text.append(": ").append(std::to_string(row.dropped_lines[i]));
        }
    }
    return text.append(text.empty() ? "" : ")");
}

} // namespace

bool say_farewell(const core::Ledger& ledger, bool is_safe, observe::Log& log) {
    std::string delivered;
    std::uint64_t dropped = 0;
    std::uint64_t pending = 0;
    for (const auto topic : core::all_topics) {
        const auto& row = ledger.of(topic);
        const std::string name(core::base_name(topic));
        if (row.delivered_lines != 0) {
            delivered.append(delivered.empty() ? "; delivered to " : ", ").append(name);
            delivered.append(": ").append(std::to_string(row.delivered_lines));
        }
        if (row.pending_lines() != 0) {
            const auto lines = "topic " + name + ": " + std::to_string(row.pending_lines()) + " lines ";
            if (is_safe) {
                log.warning(lines + "are not delivered yet; the next start delivers them");
            } else {
                log.error(lines + "could not be delivered and are lost with this process");
            }
        }
        if (row.dropped_total() != 0) {
            log.error("topic " + name + ": " + std::to_string(row.dropped_total()) + " lines were dropped before" +
                      dropped_reasons(row));
        }
        dropped += row.dropped_total();
        pending += row.pending_lines();
    }
    log.announce("stopped: lines accepted: " + std::to_string(ledger.accepted_lines) +
                 ", rejected: " + std::to_string(ledger.rejected_total()) + delivered +
                 (pending == 0 && dropped == 0 ? "; nothing is left" : ""));
    return pending == 0 || is_safe;
}

} // namespace agent::app
