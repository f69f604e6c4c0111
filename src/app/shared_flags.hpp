// The flags that `run` and `tail` have alike (shared_options.hpp), for CLI11.
#pragma once

#include "app/shared_options.hpp"

#include <string>

#include <CLI/CLI.hpp>

namespace agent::app {

// How the help says what differs.
struct SharedTexts {
    std::string topic_prefix;
    std::string host;
    std::string state_dir;
};

void add_shared_flags(CLI::App& command, SharedFlags& flags, const SharedTexts& texts);

// For check(): an unset variable of a script must not quietly mean the default.
std::string not_empty(const std::string& text);

// For check(): digits, and nothing that CLI11 would take as well (-1, 0x10, 010).
std::string whole_number(const std::string& text);

// An option that is given once for each of its values, which are taken as they are typed.
CLI::Option* repeatable(CLI::Option* option);

} // namespace agent::app
