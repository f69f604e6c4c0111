// The port between the outbox and whatever takes finished records: Kafka, standard output, a fake in tests. forward
// owns it; the journal's feeder drives it. One thread; no call blocks.
//
// A record that was accepted is answered exactly once by take_deliveries(), whatever becomes of the broker or of the
// client library; until then the bytes its views point to must stay where they are, because nobody copies them.
#pragma once

#include "core/topic.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace agent::forward {

struct RecordView {
    core::Topic topic = core::Topic::mabs;
    std::uint64_t position = 0; // its place in its topic's queue, rising; not sent, only handed back in the Delivery
    std::string_view run{};     // the two headers: who sealed it, and as which record of that run to this topic
    std::uint64_t seq = 0;
    std::string_view key{};
    std::string_view value{};
    std::int64_t sealed_ms = 0; // Unix time; becomes the Kafka timestamp, which is no part of the identity

    std::size_t size_bytes() const { return key.size() + value.size(); }
};

enum class Offer : std::uint8_t {
    accepted,   // will be answered
    topic_full, // not now, and nothing else of this topic: ask again at the next pump
    full,       // not now, whatever the topic
};

enum class Fate : std::uint8_t {
    delivered,
    retry,     // not delivered, or not known to be: offer the same bytes again
    too_large, // this very record is larger than the broker takes
    refused,   // the broker found this very record invalid and will never take it
};

struct Delivery {
    core::Topic topic = core::Topic::mabs;
    std::uint64_t position = 0;
    Fate fate = Fate::delivered;

    friend bool operator==(const Delivery&, const Delivery&) = default;
};

class RecordConsumer {
  public:
    virtual ~RecordConsumer() = default;

    // Within one topic records are offered in rising position, except that records to retry come again.
    virtual Offer offer(const RecordView& record) = 0;

    // Writes answers to the front of `out`, in any order; less than out.size() means that there are no more now.
    virtual std::size_t take_deliveries(std::span<Delivery> out) = 0;
};

} // namespace agent::forward
