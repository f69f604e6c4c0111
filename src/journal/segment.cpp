#include "journal/segment.hpp"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace agent::journal {

namespace {

char* map_memory(std::size_t bytes) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::abort(); // out of memory
    }
    return static_cast<char*>(memory);
}

} // namespace

Segment::Segment(std::uint64_t first_position, std::size_t capacity_bytes)
    : memory_(capacity_bytes == 0 ? nullptr : map_memory(capacity_bytes)),
      capacity_bytes_(capacity_bytes),
      first_position_(first_position),
      waiting_hint_(first_position),
      unanswered_hint_(first_position) {
    assert(capacity_bytes % alignof(Slot) == 0 && capacity_bytes < UINT32_MAX);
}

Segment::~Segment() {
    if (memory_ != nullptr) {
        munmap(memory_, capacity_bytes_);
    }
}

std::size_t Segment::needed_bytes(std::size_t key_size, std::size_t value_size) {
    return key_size + value_size + sizeof(Slot);
}

Segment::Slot* Segment::slot_at(std::uint64_t index) const {
    assert(index < capacity_bytes_ / sizeof(Slot));
    return reinterpret_cast<Slot*>(memory_ + capacity_bytes_) - 1 - index;
}

std::size_t& Segment::count_of(RecordState state) {
    switch (state) {
    case RecordState::waiting: return waiting_;
    case RecordState::taken: return taken_;
    case RecordState::answered: break;
    }
    return answered_;
}

void Segment::append(const StoredRecord& record) {
    assert(fits(record.key.size(), record.value.size()));
    new (slot_at(count_)) Slot{
        .offset = static_cast<std::uint32_t>(used_bytes_),
        .key_size = static_cast<std::uint32_t>(record.key.size()),
        .value_size = static_cast<std::uint32_t>(record.value.size()),
        .state = RecordState::waiting,
        .seq = record.seq,
        .lines = record.lines,
        .sealed_ms = record.sealed_ms,
        .origin = record.origin,
    };
    std::memcpy(memory_ + used_bytes_, record.key.data(), record.key.size());
    std::memcpy(memory_ + used_bytes_ + record.key.size(), record.value.data(), record.value.size());
    used_bytes_ += record.key.size() + record.value.size();
    lines_ += record.lines;
    ++count_;
    ++waiting_;
}

StoredRecord Segment::record(std::uint64_t position) const {
    const Slot& slot = this->slot(position);
    const char* const key = memory_ + slot.offset;
    return {slot.seq,       slot.origin,          slot.lines,
            slot.sealed_ms, {key, slot.key_size}, {key + slot.key_size, slot.value_size}};
}

void Segment::release_memory() {
    assert(is_untouched());
    munmap(memory_, capacity_bytes_);
    memory_ = nullptr;
    capacity_bytes_ = 0;
}

void Segment::take_memory(Segment& loaded) {
    assert(memory_ == nullptr && loaded.first_position_ == first_position_);
    memory_ = std::exchange(loaded.memory_, nullptr);
    capacity_bytes_ = loaded.capacity_bytes_;
    used_bytes_ = loaded.used_bytes_;
    count_ = loaded.count_;
    waiting_ = loaded.waiting_;
    lines_ = loaded.lines_;
    waiting_hint_ = first_position_;
    unanswered_hint_ = first_position_;
}

void Segment::set_state(std::uint64_t position, RecordState state) {
    assert(position >= first_position_ && position < end_position());
    Slot& slot = *slot_at(position - first_position_);
    --count_of(slot.state);
    ++count_of(state);
    slot.state = state;
    if (state == RecordState::answered) {
        lines_ -= slot.lines;
    }
    if (state == RecordState::waiting && position < waiting_hint_) {
        waiting_hint_ = position;
    }
}

std::uint64_t Segment::first_waiting() {
    while (waiting_hint_ < end_position() && slot(waiting_hint_).state != RecordState::waiting) {
        ++waiting_hint_;
    }
    return waiting_hint_;
}

std::uint64_t Segment::first_unanswered() {
    while (unanswered_hint_ < end_position() && slot(unanswered_hint_).state == RecordState::answered) {
        ++unanswered_hint_;
    }
    return unanswered_hint_;
}

} // namespace agent::journal
