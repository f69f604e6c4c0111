// One name of a PathGlob: what stands between two slashes, but for `**` (path_glob.hpp says what is what). Pure; any
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace agent::tail {

struct NameGlobCheck {
    std::string_view fault;             // what is wrong with it, for people; empty: nothing
    std::size_t offset = 0;             // and where
    std::optional<std::string> literal; // the only name that it matches, where there is no pattern in it
};

NameGlobCheck check_name_glob(std::string_view glob);

// The glob has been checked. No glob matches the empty name.
bool name_matches(std::string_view glob, std::string_view name);

} // namespace agent::tail
