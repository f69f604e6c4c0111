// The port through which the feeder takes finished records out of the journal. One thread; no call blocks.
//
// A record is waiting, then taken (handed to the consumer, its bytes pinned), then answered, which ends it, or put
// back to waiting. Positions rise in each topic in the order in which the records were sealed.
#pragma once

#include "core/topic.hpp"
#include "forward/record_consumer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace agent::journal {

// What the feeder needs to know of a record when it is answered.
struct RecordCost {
    std::size_t size_bytes = 0; // as RecordView::size_bytes()
    std::uint64_t lines = 0;
};

class RecordSource {
  public:
    virtual ~RecordSource() = default;

    // The waiting record of the lowest position; its views are valid until the next call, and from take() until
    // answered() or put_back().
    virtual std::optional<forward::RecordView> peek(core::Topic topic) = 0;

    virtual void take(core::Topic topic, std::uint64_t position) = 0;
    virtual RecordCost put_back(core::Topic topic, std::uint64_t position) = 0;

    // The record was taken, and will never be: it is kept for people to look at where that is possible. It is still to
    // be answered.
    virtual void set_aside(core::Topic topic, std::uint64_t position) = 0;
    virtual RecordCost answered(core::Topic topic, std::uint64_t position) = 0;
};

} // namespace agent::journal
