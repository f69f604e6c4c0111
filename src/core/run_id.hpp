// The identity of one process run: a random (version 4) UUID in its 36-character lower-case form, made once at start
// from the kernel's random source. It goes into the `run` header of every record.
#pragma once

#include <string>

namespace agent::core {

// Aborts where the kernel gives no randomness: an agent without an identity must not send.
std::string make_run_id();

} // namespace agent::core
