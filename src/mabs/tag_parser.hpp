// The part of a line that names its series: metric and tags, checked and brought into their one canonical form.
// parse_line() leaves this part alone because the agent does it once per spelling, not once per line: a spelling that
// is byte for byte one that passed here needs no second look.
#pragma once

#include "core/limits.hpp"
#include "core/series.hpp"
#include "mabs/line_error.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace agent::mabs {

// Tags sorted by name (bytes), names distinct, values not empty. Views into the tail that was parsed.
struct TagList {
    std::array<core::Tag, core::limits::max_tags> tags;
    std::size_t count = 0;
    bool by_node = false; // the flag by_node=True was among them

    std::span<const core::Tag> view() const { return {tags.data(), count}; }
};

enum class ByNode : unsigned char {
    flag,        // mabs: by_node is a flag of the line
    ordinary_tag // put
};

// 1 to 255 bytes of printable UTF-8 without blank = , { } " \.  Offsets count from metric.data().
LineError check_metric(std::string_view metric);

// Offsets count from tail.data().
LineError parse_tags(std::string_view tail, ByNode by_node, TagList& out);

} // namespace agent::mabs
