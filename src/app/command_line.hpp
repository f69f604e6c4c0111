// The command line: `metrics-agent [run] [flags]`, `metrics-agent parse [flags] [FILE...]`,
// `metrics-agent digest encode|show|merge [flags]`.
#pragma once

#include "app/run_options.hpp"

#include <functional>

namespace agent::app {

// Parses, prints help, version and usage errors, and runs the command that was asked for; returns the exit code. `run`
// is what `run` does with its checked options.
int dispatch(int argc, char** argv, const std::function<int(const RunOptions&)>& run);

} // namespace agent::app
