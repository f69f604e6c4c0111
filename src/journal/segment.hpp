// One piece of a topic's queue: records in one block of memory that never moves, so that views of them stay valid as
// long as the segment lives. Bytes of records grow from its front, their slots from its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace agent::journal {

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
        return needed_bytes(key_size, value_size) <= capacity_bytes_ - used_bytes_ - count_ * sizeof(Slot);
    }

    // It has to fit. The record waits.
    void append(std::string_view key, std::string_view value, std::uint64_t lines, std::int64_t sealed_ms);

    struct Slot {
        std::uint32_t offset;
        std::uint32_t key_size;
        std::uint32_t value_size;
        RecordState state;
        std::uint64_t lines;
        std::int64_t sealed_ms;
    };

    const Slot& slot(std::uint64_t position) const { return *slot_at(position - first_position_); }
    std::string_view key(const Slot& slot) const { return {memory_ + slot.offset, slot.key_size}; }
    std::string_view value(const Slot& slot) const { return {memory_ + slot.offset + slot.key_size, slot.value_size}; }

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
    std::size_t capacity_bytes() const { return capacity_bytes_; }

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
    std::uint64_t waiting_hint_;    // no record below it waits
    std::uint64_t unanswered_hint_; // no record below it is unanswered
};

} // namespace agent::journal
