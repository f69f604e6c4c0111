// `metrics-agent parse [FILE...]`: lines of the protocol in, one JSON object for each line of data out
// (sample_json.hpp), as the agent would take or reject them. Blank lines say nothing.
//
// - Reads standard input where no FILE or `-` is given. With several, each object begins with its `file`, and lines are
//   counted in each.
// - Standard output a terminal: errors are text there, with the line and a caret under the fault.
// - Commands are told and not obeyed: what follows a `quit` is parsed like what came before it.
// - Streams: 64 KiB of input at a time; what has been parsed is written before it waits for more.
// - Exit code: failure if any line was wrong, a file could not be read, or the output not be written.
#pragma once

#include <CLI/CLI.hpp>

namespace agent::app {

// Adds `parse` to `app`. The command runs within app.parse(), and leaves its code in `exit_code`, which outlives the
// parsing. Usage errors are CLI::ParseError.
void add_parse_command(CLI::App& app, int& exit_code);

} // namespace agent::app
