// `metrics-agent tail --include GLOB... --topic T`: follows log files and ships them to Kafka.
// `metrics-agent tail --once --topic T FILE...`: ships these files and ends.
#pragma once

#include "app/tail_options.hpp"

#include <functional>

#include <CLI/CLI.hpp>

namespace agent::app {

// Adds `tail` to `app`. Within app.parse() `tail` does what the command does with its checked options; its code, or
// exit_usage where they are wrong, is left in `exit_code`, which outlives the parsing, as `tail` does.
void add_tail_command(CLI::App& app, int& exit_code, const std::function<int(const TailOptions&)>& tail);

} // namespace agent::app
