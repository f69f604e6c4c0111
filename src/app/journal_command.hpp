// `metrics-agent journal show`: looks into a state directory. What it does is in journal_show_command.hpp; here are its
// flags.
#pragma once

#include <CLI/CLI.hpp>

namespace agent::app {

// Adds `journal` and what is below it to `app`. The command runs within app.parse() and leaves its code in `exit_code`,
// which outlives the parsing. Usage errors are CLI::ParseError.
void add_journal_commands(CLI::App& app, int& exit_code);

} // namespace agent::app
