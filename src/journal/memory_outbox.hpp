// The outbox without a state directory: a queue of finished records for each topic, in bounded memory.
//
// Bytes of a record stay at one address from append() until the record is answered, so they can be sent without a
// copy. Memory (whole segments, not only what is used of them) stays within the bound: when a new segment does not
// fit, the oldest segment of the largest queue that has no record in flight is dropped and its lines are counted as
// DropReason::budget; when there is none, append() answers `full`. A record that is larger than the bound is dropped at
// once and gets no seq. An idle outbox holds no memory.
// In memory position and seq are the same number.
#pragma once

#include "core/ledger.hpp"
#include "core/limits.hpp"
#include "core/topic.hpp"
#include "journal/record_source.hpp"
#include "journal/record_store.hpp"
#include "journal/topic_queue.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agent::journal {

class MemoryOutbox final : public RecordStore, public RecordSource {
  public:
    // `run`: the run header of every record. The ledger outlives the outbox.
    MemoryOutbox(std::string run, core::Ledger& ledger, std::size_t max_bytes = core::limits::outbox_bytes);

    Append append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                  std::int64_t sealed_ms) override;

    std::optional<forward::RecordView> peek(core::Topic topic) override;
    void take(core::Topic topic, std::uint64_t position) override;
    RecordCost put_back(core::Topic topic, std::uint64_t position) override;
    RecordCost answered(core::Topic topic, std::uint64_t position) override;

    // Ends all records that are not in flight and counts their lines as `reason`: for the end of the process.
    void drop_waiting(core::DropReason reason);

    const QueueStats& stats(core::Topic topic) const { return queue(topic).stats(); }
    std::size_t held_bytes() const; // memory of all segments
    bool empty() const;             // nothing waits and nothing is in flight

  private:
    TopicQueue& queue(core::Topic topic) { return queues_[core::index(topic)]; }
    const TopicQueue& queue(core::Topic topic) const { return queues_[core::index(topic)]; }
    bool make_room(std::size_t bytes);

    std::string run_;
    core::Ledger& ledger_;
    std::size_t max_bytes_;
    std::array<TopicQueue, core::topic_count> queues_;
};

} // namespace agent::journal
