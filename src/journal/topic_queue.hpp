// The records of one topic in the order of their positions, in segments. A segment leaves when all its records are
// answered, wherever in the queue it is. With a state directory segments of earlier runs come first; their memory, and
// that of segments which have to wait long, is absent until it is their turn.
#pragma once

#include "journal/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

namespace agent::journal {

struct QueueStats {
    std::uint64_t waiting_records = 0;
    std::uint64_t waiting_bytes = 0; // of keys and values
    std::uint64_t taken_records = 0;
    std::uint64_t taken_bytes = 0;
    std::uint64_t pending_lines = 0; // of both
    std::size_t held_bytes = 0;      // memory of the segments
    std::uint64_t last_position = 0; // of the newest record, 0 before the first one
    std::uint64_t watermark = 0;     // this record and all below it are answered
};

class TopicQueue {
  public:
    static constexpr std::size_t first_segment_bytes = 4096; // a page: an idle topic costs nothing more

    // How large a segment may be: dropping one should lose little of the budget.
    static std::size_t segment_limit(std::uint64_t budget_bytes, std::size_t largest_bytes);

    explicit TopicQueue(std::size_t max_segment_bytes) : max_segment_bytes_(max_segment_bytes) {}

    // All 0 when the record fits into the newest segment, else how large the next one should be, and has to be.
    struct Growth {
        std::size_t wanted_bytes = 0;
        std::size_t least_bytes = 0;
    };
    Growth growth_for(std::size_t key_size, std::size_t value_size) const;
    Segment& add_segment(std::size_t capacity_bytes);
    Segment& append(const StoredRecord& record); // where it is now

    // A segment of an earlier run, absent, with room for `positions` records; before any that add_segment() makes.
    Segment& add_found(std::uint64_t positions);

    // No segment when nothing waits, or nothing that may go yet. An absent one has to be loaded first.
    struct Found {
        Segment* segment = nullptr;
        std::uint64_t position = 0;
    };
    Found first_waiting();

    // Records from this position on do not go yet: they are not written.
    void set_gate(std::uint64_t end_position) { gate_ = end_position; }

    StoredRecord record(std::uint64_t position) const { return segments_[index_of(position)]->record(position); }

    // The record has to be waiting or taken. Returns its slot.
    Segment::Slot set_state(std::uint64_t position, RecordState state);

    // By its first position; none where it has gone.
    Segment* find(std::uint64_t first_position);

    // Gives an absent segment its memory. Returns the lines that it had before and has no more: its file is damaged.
    std::uint64_t load(Segment& segment, Segment& loaded);
    void release(Segment& segment);

    // Segments of which all records are answered are taken out of the queue by whoever looks after their files; without
    // files they go at once. The newest one stays while `keep_newest`.
    void keep_answered(std::size_t max_segment_bytes) {
        keeps_answered_ = true;
        max_segment_bytes_ = max_segment_bytes;
    }
    std::unique_ptr<Segment> take_answered(bool keep_newest);

    // These answer records that wait, and return the lines that those stood for.
    Segment* oldest_droppable(bool only_resident); // of which no record is taken; none where there is none
    std::uint64_t drop(Segment& segment);
    std::uint64_t drop_waiting(); // all

    std::size_t size() const { return segments_.size(); }
    Segment& at(std::size_t index) { return *segments_[index]; }
    const Segment& at(std::size_t index) const { return *segments_[index]; }
    std::size_t send_index() const { return send_index_; }
    bool has_pending() const; // records, or segments that are not read yet

    const QueueStats& stats() const { return stats_; }

  private:
    std::size_t index_of(std::uint64_t position) const;
    std::unique_ptr<Segment> remove_segment(std::size_t index);
    void update_watermark();
    std::uint64_t drop_waiting_of(Segment& segment);

    std::deque<std::unique_ptr<Segment>> segments_;
    std::size_t send_index_ = 0; // in no segment before it a record waits
    std::size_t max_segment_bytes_;
    std::uint64_t gate_ = std::numeric_limits<std::uint64_t>::max();
    bool keeps_answered_ = false;
    std::size_t answered_segments_ = 0; // that wait to be taken out
    QueueStats stats_;
};

} // namespace agent::journal
