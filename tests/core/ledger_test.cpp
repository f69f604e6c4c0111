#include "core/ledger.hpp"

#include <cstdint>
#include <utility>

#include <doctest/doctest.h>

namespace agent::core {
namespace {

TEST_CASE("a new ledger is all zeros") {
    const Ledger ledger;
    CHECK(ledger.received_lines == 0);
    CHECK(ledger.rejected_total() == 0);
    for (const auto topic : all_topics) {
        CHECK(ledger.of(topic).pending_lines() == 0);
    }
}

TEST_CASE("rejected_total sums over every reason, the last one too") {
    Ledger ledger;
    for (std::size_t i = 0; i < reject_reason_count; ++i) {
        ledger.rejected_lines[i] = std::uint64_t{1} << i;
    }
    CHECK(ledger.rejected_total() == (std::uint64_t{1} << reject_reason_count) - 1);
}

TEST_CASE("what is pending is what came in and has not gone out, whatever the way out") {
    TopicLedger row;
    row.accepted_lines = 1000;
    row.recovered_lines = 50;
    row.delivered_lines = 300;
    CHECK(row.pending_lines() == 750);
    for (std::size_t i = 0; i < drop_reason_count; ++i) {
        row.dropped_lines[i] = std::uint64_t{1} << i;
    }
    CHECK(row.dropped_total() == (std::uint64_t{1} << drop_reason_count) - 1);
    CHECK(row.pending_lines() == 750 - row.dropped_total());
}

TEST_CASE("topics have rows of their own") {
    Ledger ledger;
    std::uint64_t lines = 1;
    for (const auto topic : all_topics) {
        ledger.of(topic).accepted_lines = lines++;
    }
    lines = 1;
    for (const auto topic : all_topics) {
        CHECK(std::as_const(ledger).of(topic).accepted_lines == lines++);
    }
}

TEST_CASE("every drop reason has its word") {
    CHECK(to_string(DropReason::budget) == "budget");
    CHECK(to_string(DropReason::too_large) == "too_large");
    CHECK(to_string(DropReason::refused) == "refused");
    CHECK(to_string(DropReason::shutdown) == "shutdown");
    CHECK(to_string(DropReason::damaged) == "damaged");
    CHECK(drop_reason_count == 5);
}

} // namespace
} // namespace agent::core
