// What the journal met on the disk that was not as it should be, since the process started.
#pragma once

#include <cstdint>

namespace agent::journal {

struct Damage {
    std::uint64_t places = 0; // of files, that were skipped up to the next whole frame
    std::uint64_t bytes = 0;  // skipped there
    std::uint64_t set_aside_files = 0;
    std::uint64_t read_failures = 0;

    friend bool operator==(const Damage&, const Damage&) = default;
};

} // namespace agent::journal
