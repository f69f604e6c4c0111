#include "core/reject_reason.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace agent::core {
namespace {

// Written out a second time on purpose: clients and dashboards match these words, so a change must be seen twice.
TEST_CASE("the words of reject reasons are stable") {
    struct Row {
        RejectReason reason;
        const char* word;
    };
    constexpr Row rows[] = {
        {RejectReason::none, "none"},
        {RejectReason::line_too_long, "line_too_long"},
        {RejectReason::unterminated_line, "unterminated_line"},
        {RejectReason::control_character, "control_character"},
        {RejectReason::invalid_utf8, "invalid_utf8"},
        {RejectReason::unknown_command, "unknown_command"},
        {RejectReason::unknown_type, "unknown_type"},
        {RejectReason::missing_metric, "missing_metric"},
        {RejectReason::missing_value, "missing_value"},
        {RejectReason::missing_timestamp, "missing_timestamp"},
        {RejectReason::missing_token, "missing_token"},
        {RejectReason::bad_token, "bad_token"},
        {RejectReason::unexpected_field, "unexpected_field"},
        {RejectReason::bad_metric, "bad_metric"},
        {RejectReason::bad_timestamp, "bad_timestamp"},
        {RejectReason::timestamp_too_old, "timestamp_too_old"},
        {RejectReason::timestamp_too_far_ahead, "timestamp_too_far_ahead"},
        {RejectReason::bad_value, "bad_value"},
        {RejectReason::value_out_of_range, "value_out_of_range"},
        {RejectReason::bad_base64, "bad_base64"},
        {RejectReason::bad_digest, "bad_digest"},
        {RejectReason::bad_tag, "bad_tag"},
        {RejectReason::bad_tag_name, "bad_tag_name"},
        {RejectReason::tag_value_too_long, "tag_value_too_long"},
        {RejectReason::duplicate_tag, "duplicate_tag"},
        {RejectReason::too_many_tags, "too_many_tags"},
        {RejectReason::bad_by_node, "bad_by_node"},
        {RejectReason::denied, "denied"},
        {RejectReason::too_many_series, "too_many_series"},
        {RejectReason::overloaded, "overloaded"},
    };
    CHECK(std::size(rows) == reject_reason_count);
    for (const auto& [reason, word] : rows) {
        CHECK(to_string(reason) == word);
    }
}

TEST_CASE("every reject reason has a snake_case word of its own") {
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < reject_reason_count; ++i) {
        const auto word = to_string(static_cast<RejectReason>(i));
        CAPTURE(word);
        CHECK(!word.empty());
        CHECK(std::ranges::all_of(word,
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }));
        CHECK(words.insert(word).second);
    }
}

} // namespace
} // namespace agent::core
