// A configuration file as it is written: JSON (RFC 8259) with comments, `//` to the end of the line and `/* */`, and
// the line that each value stands in. nlohmann/json reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

inline constexpr std::size_t max_config_depth = 16; // nested objects and arrays: what is known needs 4

struct ConfigNode {
    enum class Kind : std::uint8_t { null, boolean, number, text, list, section };

    Kind kind = Kind::null;
    std::size_t line = 0;     // where it begins
    std::string key;          // of a section's child
    std::size_t key_line = 0; // and where that stands
    bool boolean = false;
    std::string text;                    // of a number: as it was understood
    std::optional<std::uint64_t> number; // where it is whole and not negative
    std::vector<ConfigNode> children;    // of a list and a section, in their order; keys may be there twice
};

// What is no JSON, and where; both count from 1, columns in bytes.
struct ConfigSyntaxError {
    std::size_t line = 0;
    std::size_t column = 0;
    std::string text;
};

boost::system::result<ConfigNode, ConfigSyntaxError> parse_config_tree(std::string_view text);

} // namespace agent::app
