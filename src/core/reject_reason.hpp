// Why a line was rejected. The words are stable: they stand in error replies, in `stats`, and as the `reason` label of
// the rejected counters. Add at the end of a group; never rename.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace agent::core {

enum class RejectReason : std::uint8_t {
    none, // not rejected; never counted

    // The line itself is wrong.
    line_too_long,
    unterminated_line,
    control_character,
    invalid_utf8,
    unknown_command,
    unknown_type,
    missing_metric,
    missing_value,
    missing_timestamp,
    missing_token,
    bad_token,
    unexpected_field,
    bad_metric,
    bad_timestamp,
    timestamp_too_old,
    timestamp_too_far_ahead,
    bad_value,
    value_out_of_range,
    bad_base64,
    bad_digest,
    bad_tag,
    bad_tag_name,
    tag_value_too_long,
    duplicate_tag,
    too_many_tags,
    bad_by_node,

    // The line is right, the agent's policy or state is against it.
    denied,
    too_many_series,
    overloaded,
};

inline constexpr std::size_t reject_reason_count = static_cast<std::size_t>(RejectReason::overloaded) + 1;

// The stable word of a reason, e.g. "bad_value".
constexpr std::string_view to_string(RejectReason reason) {
    constexpr std::array<std::string_view, reject_reason_count> words{
        "none",
        "line_too_long",
        "unterminated_line",
        "control_character",
        "invalid_utf8",
        "unknown_command",
        "unknown_type",
        "missing_metric",
        "missing_value",
        "missing_timestamp",
        "missing_token",
        "bad_token",
        "unexpected_field",
        "bad_metric",
        "bad_timestamp",
        "timestamp_too_old",
        "timestamp_too_far_ahead",
        "bad_value",
        "value_out_of_range",
        "bad_base64",
        "bad_digest",
        "bad_tag",
        "bad_tag_name",
        "tag_value_too_long",
        "duplicate_tag",
        "too_many_tags",
        "bad_by_node",
        "denied",
        "too_many_series",
        "overloaded",
    };
    return words[static_cast<std::size_t>(reason)];
}

} // namespace agent::core
