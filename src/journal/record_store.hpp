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

class RecordStore {
  public:
    virtual ~RecordStore() = default;

    // Key and value are copied. `lines`: how many input lines the record stands for in the ledger; 0 for the agent's
    // own records. `sealed_ms`: Unix time.
    virtual Append append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                          std::int64_t sealed_ms) = 0;
};

} // namespace agent::journal
