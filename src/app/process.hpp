// What concerns the whole process before the rooms are built.
#pragma once

#include "aggregate/aggregator.hpp"
#include "app/run_options.hpp"

namespace agent::app {

// First thing in main: names resolve from /etc/hosts and DNS alone, without loading the plugins that nsswitch.conf
// names (a static binary must not load shared objects); a closed pipe or socket is an error value, not a signal.
void prepare_process();

// Whether standard error goes to systemd's journal.
bool is_under_systemd();

// As many open files as the host allows: one for each connection.
void raise_descriptor_limit();

// With a random hash key.
aggregate::AggregatorOptions aggregator_options(const RunOptions& options);

} // namespace agent::app
