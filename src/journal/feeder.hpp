// Moves records from the journal to the consumer, in order in each topic and never more than `window_bytes` of one
// topic at a time, so that memory does not grow while the broker is away; and enters what becomes of them into the
// ledger. A topic that does not move holds up no other. Driven by pump(), which has no threads, timers or clock: call
// it when there are new records, when the consumer signals, and every 20 to 50 ms.
#pragma once

#include "core/ledger.hpp"
#include "core/limits.hpp"
#include "core/topic.hpp"
#include "forward/record_consumer.hpp"
#include "journal/record_source.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace agent::journal {

enum class Pump : std::uint8_t {
    idle, // nothing more to do until there are new records, deliveries or time has passed
    more, // the bound of one call was reached: call again soon, after other work had its turn
};

class Feeder {
  public:
    // All three outlive the feeder.
    Feeder(RecordSource& source, forward::RecordConsumer& consumer, core::Ledger& ledger,
           std::size_t window_bytes = core::limits::in_flight_bytes);

    // Takes deliveries, then offers records; a bounded piece of work (about a millisecond).
    Pump pump();

    std::size_t in_flight_bytes(core::Topic topic) const { return windows_[core::index(topic)].bytes; }
    std::size_t in_flight_records(core::Topic topic) const { return windows_[core::index(topic)].records; }
    std::size_t in_flight_records() const; // of all topics

  private:
    struct Window {
        std::size_t bytes = 0;
        std::size_t records = 0;
    };

    bool take_deliveries();
    void settle(const forward::Delivery& delivery);
    bool offer_records();
    bool offer_topic(core::Topic topic, std::size_t& budget, bool& consumer_full);

    RecordSource& source_;
    forward::RecordConsumer& consumer_;
    core::Ledger& ledger_;
    std::size_t window_bytes_;
    std::array<Window, core::topic_count> windows_{};
    std::size_t first_topic_ = 0; // takes turns, so that none is always last
};

} // namespace agent::journal
