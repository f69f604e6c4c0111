// Where the state is kept.
#pragma once

#include <string>
#include <string_view>

namespace agent::app {

// $STATE_DIRECTORY (systemd's; the first, where it names several), else $XDG_STATE_HOME/metrics-agent, else
// ~/.local/state/metrics-agent; empty where none of these is set. Before any thread: it looks at the environment.
std::string default_state_dir();

// `given`, or the default with `suffix` behind its name where that is empty; without slashes at its end.
std::string state_dir_or_default(const std::string& given, std::string_view suffix = {});

} // namespace agent::app
