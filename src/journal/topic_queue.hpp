// The records of one topic in the order of their positions, in segments. A segment leaves when all its records are
// answered, wherever in the queue it is.
#pragma once

#include "journal/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
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

    explicit TopicQueue(std::size_t max_segment_bytes) : max_segment_bytes_(max_segment_bytes) {}

    // All 0 when the record fits into the newest segment, else how large the next one should be, and has to be.
    struct Growth {
        std::size_t wanted_bytes = 0;
        std::size_t least_bytes = 0;
    };
    Growth growth_for(std::size_t key_size, std::size_t value_size) const;
    void add_segment(std::size_t capacity_bytes);
    void append(std::string_view key, std::string_view value, std::uint64_t lines, std::int64_t sealed_ms);

    // Null when nothing waits.
    struct Found {
        Segment* segment = nullptr;
        std::uint64_t position = 0;
    };
    Found first_waiting();

    // The record has to be waiting or taken. Returns its slot; the last one to be answered takes the segment with it.
    Segment::Slot set_state(std::uint64_t position, RecordState state);

    // These answer records that wait, and return the lines that those stood for.
    bool has_droppable_segment() const;
    std::uint64_t drop_oldest_segment(); // the oldest one of which no record is taken; there has to be one
    std::uint64_t drop_waiting();        // all

    const QueueStats& stats() const { return stats_; }

  private:
    std::size_t index_of(std::uint64_t position) const;
    void remove_segment(std::size_t index);
    void update_watermark();
    std::uint64_t drop_waiting_of(Segment& segment);

    std::deque<std::unique_ptr<Segment>> segments_;
    std::size_t send_index_ = 0; // in no segment before it a record waits
    std::size_t max_segment_bytes_;
    QueueStats stats_;
};

} // namespace agent::journal
