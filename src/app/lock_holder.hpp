// Whether somebody holds a lock (flock), found out without locking: a lock of ours, however short, could make an agent
// that starts just then believe that the directory is taken.
#pragma once

#include <optional>
#include <string>

namespace agent::app {

// The process that holds `path`; none where nobody does, or nobody of whom this process can see (another container's).
std::optional<int> lock_holder(const std::string& path);

} // namespace agent::app
