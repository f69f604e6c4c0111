// The command line: `metrics-agent [run] [flags]`, `metrics-agent tail [flags] [FILE...]`, `metrics-agent parse [flags]
// [FILE...]`, `metrics-agent digest encode|show|merge [flags]`, `metrics-agent journal show [flags]`.
#pragma once

#include "app/run_options.hpp"
#include "app/tail_options.hpp"

#include <functional>

namespace agent::app {

// Parses, prints help, version and usage errors, and runs the command that was asked for; returns the exit code. `run`
// and `tail` are what these commands do with their checked options.
int dispatch(int argc, char** argv, const std::function<int(const RunOptions&)>& run,
             const std::function<int(const TailOptions&)>& tail);

} // namespace agent::app
