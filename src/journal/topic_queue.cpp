#include "journal/topic_queue.hpp"

#include <algorithm>
#include <cassert>

namespace agent::journal {

namespace {

constexpr std::size_t page_bytes = TopicQueue::first_segment_bytes;

std::size_t round_up_to_page(std::size_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

} // namespace

TopicQueue::Growth TopicQueue::growth_for(std::size_t key_size, std::size_t value_size) const {
    // Behind the last segment there is a gap when newer ones are gone already; positions in a segment have none.
    if (!segments_.empty() && segments_.back()->end_position() == stats_.last_position + 1 &&
        segments_.back()->fits(key_size, value_size)) {
        return {};
    }
    const std::size_t least = round_up_to_page(Segment::needed_bytes(key_size, value_size));
    // Doubling: an idle topic stays small, a busy one soon has few large segments.
    const std::size_t doubled = segments_.empty() ? first_segment_bytes : 2 * segments_.back()->capacity_bytes();
    return {.wanted_bytes = std::max(least, std::min(doubled, max_segment_bytes_)), .least_bytes = least};
}

void TopicQueue::add_segment(std::size_t capacity_bytes) {
    segments_.push_back(std::make_unique<Segment>(stats_.last_position + 1, capacity_bytes));
    stats_.held_bytes += capacity_bytes;
}

void TopicQueue::append(std::string_view key, std::string_view value, std::uint64_t lines, std::int64_t sealed_ms) {
    segments_.back()->append(key, value, lines, sealed_ms);
    ++stats_.last_position;
    ++stats_.waiting_records;
    stats_.waiting_bytes += key.size() + value.size();
    stats_.pending_lines += lines;
}

TopicQueue::Found TopicQueue::first_waiting() {
    while (send_index_ < segments_.size()) {
        Segment& segment = *segments_[send_index_];
        if (segment.waiting() != 0) {
            return {.segment = &segment, .position = segment.first_waiting()};
        }
        if (send_index_ + 1 == segments_.size()) {
            break; // the last one may still get more
        }
        ++send_index_;
    }
    return {};
}

std::size_t TopicQueue::index_of(std::uint64_t position) const {
    const auto after =
        std::upper_bound(segments_.begin(), segments_.end(), position,
                         [](std::uint64_t wanted, const auto& segment) { return wanted < segment->first_position(); });
    assert(after != segments_.begin());
    return static_cast<std::size_t>(after - segments_.begin()) - 1;
}

Segment::Slot TopicQueue::set_state(std::uint64_t position, RecordState state) {
    const std::size_t index = index_of(position);
    Segment& segment = *segments_[index];
    const Segment::Slot before = segment.slot(position);
    assert(before.state != RecordState::answered && before.state != state);
    segment.set_state(position, state);

    const std::size_t bytes = std::size_t{before.key_size} + before.value_size;
    if (before.state == RecordState::waiting) {
        --stats_.waiting_records;
        stats_.waiting_bytes -= bytes;
    } else {
        --stats_.taken_records;
        stats_.taken_bytes -= bytes;
    }
    switch (state) {
    case RecordState::waiting:
        ++stats_.waiting_records;
        stats_.waiting_bytes += bytes;
        send_index_ = std::min(send_index_, index);
        break;
    case RecordState::taken:
        ++stats_.taken_records;
        stats_.taken_bytes += bytes;
        break;
    case RecordState::answered:
        stats_.pending_lines -= before.lines;
        if (segment.unanswered() == 0) {
            remove_segment(index);
        }
        update_watermark();
        break;
    }
    return before;
}

void TopicQueue::remove_segment(std::size_t index) {
    stats_.held_bytes -= segments_[index]->capacity_bytes();
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(index));
    if (index < send_index_) {
        --send_index_;
    }
}

void TopicQueue::update_watermark() {
    // Every segment that is still here has an unanswered record.
    stats_.watermark = segments_.empty() ? stats_.last_position : segments_.front()->first_unanswered() - 1;
}

bool TopicQueue::has_droppable_segment() const {
    return std::any_of(segments_.begin(), segments_.end(), [](const auto& segment) { return segment->taken() == 0; });
}

std::uint64_t TopicQueue::drop_oldest_segment() {
    const auto oldest =
        std::find_if(segments_.begin(), segments_.end(), [](const auto& segment) { return segment->taken() == 0; });
    assert(oldest != segments_.end());
    const std::uint64_t lines = drop_waiting_of(**oldest);
    remove_segment(static_cast<std::size_t>(oldest - segments_.begin()));
    update_watermark();
    return lines;
}

std::uint64_t TopicQueue::drop_waiting() {
    std::uint64_t lines = 0;
    for (std::size_t index = segments_.size(); index-- != 0;) {
        lines += drop_waiting_of(*segments_[index]);
        if (segments_[index]->unanswered() == 0) {
            remove_segment(index);
        }
    }
    update_watermark();
    return lines;
}

std::uint64_t TopicQueue::drop_waiting_of(Segment& segment) {
    std::uint64_t lines = 0;
    while (segment.waiting() != 0) {
        const std::uint64_t position = segment.first_waiting();
        const Segment::Slot& slot = segment.slot(position);
        lines += slot.lines;
        --stats_.waiting_records;
        stats_.waiting_bytes -= std::size_t{slot.key_size} + slot.value_size;
        stats_.pending_lines -= slot.lines;
        segment.set_state(position, RecordState::answered);
    }
    return lines;
}

} // namespace agent::journal
