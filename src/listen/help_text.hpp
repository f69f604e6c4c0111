// The answer to `help`.
#pragma once

#include <string_view>

namespace agent::listen {

inline constexpr std::string_view help_text =
    "mabs counter|c   <metric> [<timestamp>] <integer> [<tag>=<value> ...] [by_node=True]\n"
    "mabs gauge|g     <metric> [<timestamp>] <number>  [<tag>=<value> ...] [by_node=True]\n"
    "mabs sample|s    <metric> [<timestamp>] <number>  [<tag>=<value> ...] [by_node=True]\n"
    "mabs histogram|h <metric> [<timestamp>] <Base64 t-digest> [<tag>=<value> ...] [by_node=True]\n"
    "put <metric> <timestamp> <number> [<tag>=<value> ...]\n"
    "    timestamp: Unix time, 10 digits (seconds) or 13 (milliseconds); without one: now\n"
    "sync <token>  answers once all lines before it on this connection are taken\n"
    "stats         name value lines, then \"end\"\n"
    "version       one line\n"
    "help          this text\n"
    "quit, exit    closes the connection\n"
    "Good lines get no answer. Wrong ones: error <line number> <code>: <what is wrong>\n";

} // namespace agent::listen
