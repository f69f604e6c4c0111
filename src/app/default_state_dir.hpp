// Where the state is kept when nobody says it.
#pragma once

#include <string>

namespace agent::app {

// $STATE_DIRECTORY (systemd's; the first, where it names several), else $XDG_STATE_HOME/metrics-agent, else
// ~/.local/state/metrics-agent; empty where none of these is set. Before any thread: it looks at the environment.
std::string default_state_dir();

} // namespace agent::app
