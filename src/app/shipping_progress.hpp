// How far `tail --once` is, for people: a line on a terminal that is written over again and again, and one at the end.
// Pure, but for the text's destination.
#pragma once

#include <cstdint>
#include <string>

namespace agent::app {

struct Shipped {
    std::uint64_t files = 0;
    std::uint64_t known_bytes = 0; // of the files, as far as it is known how long they are
    std::uint64_t acked_bytes = 0;
    std::uint64_t acked_records = 0;
    std::int64_t elapsed_ms = 0;
};

// "12.5 MB of 400.0 MB, 3 %, 95.0 MB/s, 4 s left"
std::string progress_line(const Shipped& shipped);

// "3 files, 400000000 bytes in 2000000 records, 4.2 s, 95.2 MB/s"
std::string summary_line(const Shipped& shipped);

} // namespace agent::app
