// The life of `metrics-agent tail`: ships log files until a signal ends it, or with --once until all of them are
// acknowledged. One thread, one io_context.
#pragma once

#include "app/tail_options.hpp"

namespace agent::app {

// The exit code: with `once` exit_ok only when all that was named is in Kafka.
int tail(const TailOptions& options);

} // namespace agent::app
