// How one log stream is, at one moment. Plain values, filled by the app.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::observe {

struct LogStream {
    struct Skipped {
        std::string_view reason;
        std::uint64_t bytes = 0;
        std::uint64_t files = 0;
    };

    std::string name;
    std::string topic;
    std::size_t files = 0;
    std::uint64_t known_bytes = 0; // of all its files, as long as they are
    std::uint64_t read_bytes = 0;
    std::uint64_t acked_bytes = 0;
    std::uint64_t acked_records = 0;
    std::uint64_t lag_bytes = 0;
    std::int64_t lag_ms = 0;
    std::uint64_t read_failures = 0;
    std::uint64_t save_failures = 0;
    std::uint64_t ack_p50_us = 0; // from hearing of new bytes to their acknowledgement
    std::uint64_t ack_p99_us = 0;
    std::vector<Skipped> skipped;                           // those that there were
    std::string parked;                                     // why its topic takes nothing; empty while it does
    std::vector<std::pair<std::string, std::string>> paths; // uid and path, the ones that changed last first
};

} // namespace agent::observe
