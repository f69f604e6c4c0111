// The port through which lines come from the sessions. aggregate owns it; listen calls it. One thread; no call blocks.
#pragma once

#include "mabs/line_error.hpp"
#include "mabs/line_parser.hpp"

#include <span>
#include <string>
#include <string_view>

namespace agent::aggregate {

// One line on its way in. The session fills text and line, or text and error; the sink fills error (and detail) of
// lines that it does not accept. Entries are reused: nothing is allocated for a good line.
struct Entry {
    std::string_view text; // valid during the call
    mabs::Line line;
    mabs::LineError error;
    std::string detail; // says more about the error, where there is more to say
};

// How many entries a batch may have: enough to hide the memory's latency, few enough to stay in the first cache.
inline constexpr std::size_t max_batch = 32;

class SampleSink {
  public:
    virtual ~SampleSink() = default;

    // Every entry without an error that carries data is wholly applied, or gets an error and leaves no trace. The sink
    // counts what it accepts in the ledger; the caller counts what was rejected. `peer` names the sender for people.
    virtual void accept(std::span<Entry> batch, std::string_view peer) = 0;
};

} // namespace agent::aggregate
