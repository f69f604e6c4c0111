// What the names that operators choose may be made of. Pure; any thread.
#pragma once

#include "mabs/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace agent::app {

inline constexpr std::size_t max_topic_bytes = 249; // Kafka's own limit
inline constexpr std::size_t max_plain_name_bytes = 255;

inline bool has_topic_characters(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

// Kafka's rule.
inline bool is_topic_name(std::string_view text) {
    return !text.empty() && text.size() <= max_topic_bytes && text != "." && text != ".." && has_topic_characters(text);
}

// 1 to max_plain_name_bytes bytes of printable UTF-8 without blanks.
inline bool is_plain_name(std::string_view text) {
    return !text.empty() && text.size() <= max_plain_name_bytes && text.find(' ') == std::string_view::npos &&
           !mabs::find_bad_character(text);
}

} // namespace agent::app
