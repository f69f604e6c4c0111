// The agent's last word: what was delivered, what is lost with this process, what had to be dropped before.
#pragma once

#include "core/ledger.hpp"
#include "observe/log.hpp"

namespace agent::app {

// `is_safe`: what is pending is on disk, for the next start. False when lines are lost with this process.
bool say_farewell(const core::Ledger& ledger, bool is_safe, observe::Log& log);

} // namespace agent::app
