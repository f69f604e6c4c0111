// The counts that must add up, in lines since the process started. Two equations hold whenever the event loop is
// between two pieces of work:
//   received = accepted + sum of rejected
//   per topic: accepted + recovered = delivered + sum of dropped + pending
// A by_node line stands in the rows of both its topics. The agent's own series are left out. One thread.
#pragma once

#include "core/reject_reason.hpp"
#include "core/topic.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace agent::core {

enum class DropReason : std::uint8_t {
    budget,    // the queue was over its budget: the oldest had to go
    too_large, // the broker (or librdkafka) takes no record of this size
    refused,   // the broker will never take this record
    shutdown,  // not delivered when the process had to end, and no state directory to keep it
    damaged,   // its file in the state directory could not be read back
};

inline constexpr std::size_t drop_reason_count = static_cast<std::size_t>(DropReason::damaged) + 1;

constexpr std::string_view to_string(DropReason reason) {
    constexpr std::array<std::string_view, drop_reason_count> words{"budget", "too_large", "refused", "shutdown",
                                                                    "damaged"};
    return words[static_cast<std::size_t>(reason)];
}

struct TopicLedger {
    std::uint64_t accepted_lines = 0;
    std::uint64_t recovered_lines = 0;
    std::uint64_t delivered_lines = 0;
    std::array<std::uint64_t, drop_reason_count> dropped_lines{};

    std::uint64_t delivered_records = 0;

    std::uint64_t dropped_total() const {
        std::uint64_t total = 0;
        for (const auto lines : dropped_lines) {
            total += lines;
        }
        return total;
    }

    // What is still with the agent: open buckets and the outbox.
    std::uint64_t pending_lines() const { return accepted_lines + recovered_lines - delivered_lines - dropped_total(); }
};

struct Ledger {
    std::uint64_t received_lines = 0; // counted by itself, where lines are split: the first equation is a check
    std::uint64_t accepted_lines = 0;
    std::array<std::uint64_t, reject_reason_count> rejected_lines{};
    std::array<TopicLedger, topic_count> topics{};

    std::uint64_t rejected_total() const {
        std::uint64_t total = 0;
        for (const auto lines : rejected_lines) {
            total += lines;
        }
        return total;
    }

    TopicLedger& of(Topic topic) { return topics[index(topic)]; }
    const TopicLedger& of(Topic topic) const { return topics[index(topic)]; }
};

} // namespace agent::core
