// The exit codes of every command.
#pragma once

namespace agent::app {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1; // something went wrong on the way; some input was bad
inline constexpr int exit_usage = 2;   // the command line or the configuration is wrong

} // namespace agent::app
