// A queue of finished records for each topic: in bounded memory, or with a state directory in files (outbox_files.hpp),
// of which only what is soon to be sent is in memory.
//
// Bytes of a record stay at one address from take() until the record is answered, so they can be sent without a copy.
// In memory: whole segments, not only what is used of them, stay within the bound. When a new segment does not fit, the
// oldest segment of the largest queue that has no record in flight is dropped and its lines are counted as
// DropReason::budget; when there is none, append() answers `full`. A record that is larger than the bound is dropped at
// once and gets no seq. An idle outbox holds no memory. On disk the same holds for the budget of all files; a disk that
// fails makes it an outbox in memory until the disk is back.
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
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace agent::journal {

class DeadLetters;
class OutboxFiles;

class Outbox final : public RecordStore, public RecordSource {
  public:
    // `run`: the run header of every record that is appended. The ledger outlives the outbox.
    Outbox(std::string run, core::Ledger& ledger, std::size_t max_bytes = core::limits::outbox_bytes);
    ~Outbox() override;

    // Before the first append(); `files` outlives the outbox.
    void keep_in(OutboxFiles& files, std::size_t max_segment_bytes);
    void set_aside_in(DeadLetters& letters) { dead_letters_ = &letters; } // as long as anything is set aside

    Append append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                  std::int64_t sealed_ms, const Origin& origin = Origin{}) override;

    std::optional<forward::RecordView> peek(core::Topic topic) override;
    void take(core::Topic topic, std::uint64_t position) override;
    RecordCost put_back(core::Topic topic, std::uint64_t position) override;
    void set_aside(core::Topic topic, std::uint64_t position) override;
    RecordCost answered(core::Topic topic, std::uint64_t position) override;

    // Ends all records that are not in flight and counts their lines as `reason`: for the end of the process.
    void drop_waiting(core::DropReason reason);

    const QueueStats& stats(core::Topic topic) const { return queues_[core::index(topic)].stats(); }
    std::size_t held_bytes() const; // memory of all segments
    std::size_t max_bytes() const { return max_bytes_; }

    // While nothing can be written yet, at start: what was kept is not dropped for want of memory.
    void set_unbounded(bool is_unbounded) { is_unbounded_ = is_unbounded; }
    bool empty() const; // nothing waits and nothing is in flight

    // For the files.
    struct Droppable {
        core::Topic topic{};
        Segment* segment = nullptr;
    };
    TopicQueue& queue(core::Topic topic) { return queues_[core::index(topic)]; }
    const TopicQueue& queue(core::Topic topic) const { return queues_[core::index(topic)]; }
    const std::shared_ptr<const std::string>& run() const { return run_; }
    template <typename SizeOf>
    Droppable oldest_of_largest(bool only_resident, const SizeOf& size_of); // none where nothing can be dropped
    void count_dropped(core::Topic topic, std::uint64_t lines, core::DropReason reason);
    void count_recovered(core::Topic topic, std::uint64_t lines);

  private:
    bool has_room(std::size_t bytes);

    std::shared_ptr<const std::string> run_;
    core::Ledger& ledger_;
    std::size_t max_bytes_;
    OutboxFiles* files_ = nullptr;
    bool is_unbounded_ = false;
    DeadLetters* dead_letters_ = nullptr;
    std::array<TopicQueue, core::topic_count> queues_;
    std::array<std::uint64_t, core::topic_count> last_seq_{};
};

// Of the topic that is largest by size_of(topic), among those that have one.
template <typename SizeOf>
Outbox::Droppable Outbox::oldest_of_largest(bool only_resident, const SizeOf& size_of) {
    Droppable found;
    for (const auto topic : core::all_topics) {
        auto* const oldest = queue(topic).oldest_droppable(only_resident);
        if (oldest != nullptr && (found.segment == nullptr || size_of(topic) > size_of(found.topic))) {
            found = {topic, oldest};
        }
    }
    return found;
}

} // namespace agent::journal
