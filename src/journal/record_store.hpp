// The port through which finished records come into the journal. journal owns it; aggregate calls it. One thread; no
// call blocks. Once accepted, a record has its identity (run, seq) and is delivered, or dropped and counted.
#pragma once

#include "core/topic.hpp"

#include <cstdint>
#include <string_view>

namespace agent::journal {

enum class Append : std::uint8_t {
    accepted,
    full, // nothing was taken, and no seq was given: keep what the record was made of and come again
};

// The open bucket that a record was made of, so that a replay of the deltas after a crash leaves out what it contains.
struct Origin {
    std::uint64_t series_id = 0; // 0: of none
    std::int64_t bucket_start_ms = 0;
    std::uint64_t covers = 0; // the last delta frame that the record contains

    friend bool operator==(const Origin&, const Origin&) = default;
};

class RecordStore {
  public:
    virtual ~RecordStore() = default;

    // Key and value are copied. `lines`: how many input lines the record stands for in the ledger; 0 for the agent's
    // own records. `sealed_ms`: Unix time.
    virtual Append append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                          std::int64_t sealed_ms, const Origin& origin) = 0;
};

} // namespace agent::journal
