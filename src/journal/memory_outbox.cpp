#include "journal/memory_outbox.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace agent::journal {

namespace {

// Large enough that few are needed, small enough that dropping one loses little.
constexpr std::size_t largest_segment_bytes = 256 * 1024;

std::size_t segment_limit(std::size_t max_bytes) {
    const std::size_t share = max_bytes / 64;
    return std::clamp(share - share % TopicQueue::first_segment_bytes, TopicQueue::first_segment_bytes,
                      largest_segment_bytes);
}

template <std::size_t... I>
std::array<TopicQueue, sizeof...(I)> make_queues(std::size_t limit, std::index_sequence<I...>) {
    return {((void)I, TopicQueue(limit))...};
}

} // namespace

MemoryOutbox::MemoryOutbox(std::string run, core::Ledger& ledger, std::size_t max_bytes)
    : run_(std::move(run)),
      ledger_(ledger),
      max_bytes_(max_bytes),
      queues_(make_queues(segment_limit(max_bytes), std::make_index_sequence<core::topic_count>{})) {}

Append MemoryOutbox::append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                            std::int64_t sealed_ms) {
    TopicQueue& to = queue(topic);
    if (const auto growth = to.growth_for(key.size(), value.size()); growth.least_bytes != 0) {
        if (growth.least_bytes > max_bytes_) {
            ledger_.of(topic).dropped_lines[static_cast<std::size_t>(core::DropReason::budget)] += lines;
            return Append::accepted;
        }
        if (make_room(growth.wanted_bytes)) {
            to.add_segment(growth.wanted_bytes);
        } else if (make_room(growth.least_bytes)) {
            to.add_segment(growth.least_bytes);
        } else {
            return Append::full;
        }
    }
    to.append(key, value, lines, sealed_ms);
    return Append::accepted;
}

bool MemoryOutbox::make_room(std::size_t bytes) {
    while (held_bytes() + bytes > max_bytes_) {
        TopicQueue* largest = nullptr;
        core::Topic topic{};
        for (const core::Topic candidate : core::all_topics) {
            TopicQueue& of = queue(candidate);
            if (of.has_droppable_segment() &&
                (largest == nullptr || of.stats().held_bytes > largest->stats().held_bytes)) {
                largest = &of;
                topic = candidate;
            }
        }
        if (largest == nullptr) {
            return false;
        }
        ledger_.of(topic).dropped_lines[static_cast<std::size_t>(core::DropReason::budget)] +=
            largest->drop_oldest_segment();
    }
    return true;
}

std::optional<forward::RecordView> MemoryOutbox::peek(core::Topic topic) {
    const auto [segment, position] = queue(topic).first_waiting();
    if (segment == nullptr) {
        return std::nullopt;
    }
    const Segment::Slot& slot = segment->slot(position);
    return forward::RecordView{
        .topic = topic,
        .position = position,
        .run = run_,
        .seq = position,
        .key = segment->key(slot),
        .value = segment->value(slot),
        .sealed_ms = slot.sealed_ms,
    };
}

void MemoryOutbox::take(core::Topic topic, std::uint64_t position) {
    queue(topic).set_state(position, RecordState::taken);
}

RecordCost MemoryOutbox::put_back(core::Topic topic, std::uint64_t position) {
    const auto slot = queue(topic).set_state(position, RecordState::waiting);
    return {.size_bytes = std::size_t{slot.key_size} + slot.value_size, .lines = slot.lines};
}

RecordCost MemoryOutbox::answered(core::Topic topic, std::uint64_t position) {
    const auto slot = queue(topic).set_state(position, RecordState::answered);
    return {.size_bytes = std::size_t{slot.key_size} + slot.value_size, .lines = slot.lines};
}

void MemoryOutbox::drop_waiting(core::DropReason reason) {
    for (const core::Topic topic : core::all_topics) {
        ledger_.of(topic).dropped_lines[static_cast<std::size_t>(reason)] += queue(topic).drop_waiting();
    }
}

std::size_t MemoryOutbox::held_bytes() const {
    return std::accumulate(queues_.begin(), queues_.end(), std::size_t{0},
                           [](std::size_t sum, const TopicQueue& of) { return sum + of.stats().held_bytes; });
}

bool MemoryOutbox::empty() const {
    return held_bytes() == 0;
}

} // namespace agent::journal
