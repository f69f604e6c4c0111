// What the sockets' side counts, since start, but for what is marked as now. One thread.
#pragma once

#include <cstdint>

namespace agent::listen {

struct ListenStats {
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;        // now
    std::uint64_t connections_max = 0;         // now: the cap
    std::uint64_t connections_refused = 0;     // at the cap on connections
    std::uint64_t connections_idle_closed = 0; // closed to make room for a new one
    std::uint64_t accept_failures = 0;         // out of descriptors or memory: waited, then went on
    std::uint64_t received_bytes = 0;
    std::uint64_t dropped_replies = 0;  // to clients that do not read
    std::uint64_t unsent_bytes = 0;     // now: replies beyond each connection's own share
    std::uint64_t unfinished_bytes = 0; // now: long lines without their LF
    std::uint64_t given_up_lines = 0;   // of those, when there were too many: rejected as overloaded
};

} // namespace agent::listen
