// `metrics-agent digest encode|show|merge`: t-digests on standard input and output, for people and scripts.
// What they do is in digest_{encode,show,merge}_command.hpp; here are their flags.
#pragma once

#include <CLI/CLI.hpp>

namespace agent::app {

// Adds `digest` and what is below it to `app`. The command runs within app.parse(), on the standard streams, and leaves
// its code in `exit_code`, which outlives the parsing. Usage errors are CLI::ParseError.
void add_digest_commands(CLI::App& app, int& exit_code);

} // namespace agent::app
