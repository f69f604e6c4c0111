// `metrics-agent journal show`: what a state directory holds, as text or as one JSON object (docs/durability.md has its
// members). It reads and changes nothing, whether an agent is at work there or not.
#pragma once

#include "journal/file_system.hpp"

#include <optional>
#include <ostream>
#include <string>

namespace agent::app {

struct JournalShowOptions {
    std::string directory;
    bool json = false;
    std::optional<int> holder{}; // the process that holds its lock
};

// Returns the exit code: failure if there is damage, or it cannot be read.
int show_journal(journal::FileSystem& files, std::ostream& out, std::ostream& err, const JournalShowOptions& options);

} // namespace agent::app
