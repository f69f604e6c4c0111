// One piece of a topic's queue: records in one block of memory that never moves, so that views of them stay valid as
// long as the memory is there. Bytes of records grow from its front, their slots from its end. With a state directory
// a segment is one file on disk too, and its memory may be absent: given back, or not read yet.
#pragma once

#include "journal/record_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace agent::journal {

struct JournalFile;

enum class RecordState : std::uint8_t { waiting, taken, answered };

class Segment {
  public:
    // The first record will have this position; the ones after it count up. Takes its memory from the kernel, not from
    // malloc, so that all of it is given back after a burst. Aborts when there is none.
    Segment(std::uint64_t first_position, std::size_t capacity_bytes);
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    // What a record takes of the capacity.
    static std::size_t needed_bytes(std::size_t key_size, std::size_t value_size);

    bool fits(std::size_t key_size, std::size_t value_size) const {
        return memory_ != nullptr &&
               needed_bytes(key_size, value_size) <= capacity_bytes_ - used_bytes_ - count_ * sizeof(Slot);
    }

    // It has to fit. Key and value are copied. The record waits.
    void append(const StoredRecord& record);

    struct Slot {
        std::uint32_t offset;
        std::uint32_t key_size;
        std::uint32_t value_size;
        RecordState state;
        std::uint64_t seq;
        std::uint64_t lines;
        std::int64_t sealed_ms;
        Origin origin;

        std::size_t size_bytes() const { return std::size_t{key_size} + value_size; }
    };

    static_assert(sizeof(Slot) == 64, "one cache line");

    const Slot& slot(std::uint64_t position) const { return *slot_at(position - first_position_); }
    StoredRecord record(std::uint64_t position) const;

    // All changes of state go through here, for the counts below.
    void set_state(std::uint64_t position, RecordState state);

    // The lowest position of such a record; end_position() when there is none.
    std::uint64_t first_waiting();
    std::uint64_t first_unanswered();

    std::uint64_t first_position() const { return first_position_; }
    std::uint64_t end_position() const { return first_position_ + count_; }
    std::size_t waiting() const { return waiting_; }
    std::size_t taken() const { return taken_; }
    std::size_t unanswered() const { return waiting_ + taken_; }
    bool is_untouched() const { return waiting_ == count_; }

    // The memory. An absent segment knows nothing of its records but, once it had them, what stays below.
    bool is_resident() const { return memory_ != nullptr; }
    void release_memory();                                         // of an untouched one
    void take_memory(Segment& loaded);                             // which was made for the same first position
    std::size_t capacity_bytes() const { return capacity_bytes_; } // 0 while absent

    // What its unanswered records stand for; unknown (0) of one that was never read.
    std::uint64_t lines() const { return lines_; }
    std::size_t record_bytes() const { return used_bytes_; } // keys and values, answered ones too

    // The file, and what is known of it. None without a state directory.
    struct File {
        std::shared_ptr<JournalFile> file;
        std::uint64_t number = 0;
        std::uint64_t size_bytes = 0;      // with what is still to be written
        std::uint64_t collected_bytes = 0; // written, or on its way
        std::uint64_t most_covered = 0;    // the highest delta frame that one of its records contains
        std::uint64_t next_to_write = 0;   // position: records below it are written or on their way
        std::uint64_t answered_seq = 0;    // records up to this seq were answered in an earlier run
        bool is_found = false;             // of an earlier run, and not counted as recovered yet
        bool is_loading = false;
        std::uint8_t failed_loads = 0;
        bool is_doomed = false; // to be dropped as soon as its lines are counted
    };
    File file;
    std::shared_ptr<const std::string> run; // of the records
    bool is_closed = false;                 // gets no more records

  private:
    Slot* slot_at(std::uint64_t index) const;
    std::size_t& count_of(RecordState state);

    char* memory_;
    std::size_t capacity_bytes_;
    std::size_t used_bytes_ = 0;
    std::uint64_t first_position_;
    std::size_t count_ = 0;
    std::size_t waiting_ = 0;
    std::size_t taken_ = 0;
    std::size_t answered_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t waiting_hint_;    // no record below it waits
    std::uint64_t unanswered_hint_; // no record below it is unanswered
};

} // namespace agent::journal
