#include "journal/topic_queue.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace agent::journal {

namespace {

constexpr std::size_t page_bytes = TopicQueue::first_segment_bytes;

std::size_t round_up_to_page(std::size_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

bool is_answered(const Segment& segment) {
    return segment.is_resident() && segment.unanswered() == 0;
}

} // namespace

std::size_t TopicQueue::segment_limit(std::uint64_t budget_bytes, std::size_t largest_bytes) {
    const auto share = budget_bytes / 64 / page_bytes * page_bytes;
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(share, page_bytes, largest_bytes));
}

TopicQueue::Growth TopicQueue::growth_for(std::size_t key_size, std::size_t value_size) const {
    // Behind the last segment there is a gap when newer ones are gone already; positions in a segment have none.
    if (!segments_.empty() && !segments_.back()->is_closed &&
        segments_.back()->end_position() == stats_.last_position + 1 && segments_.back()->fits(key_size, value_size)) {
        return {};
    }
    const std::size_t least = round_up_to_page(Segment::needed_bytes(key_size, value_size));
    // Doubling: an idle topic stays small, a busy one soon has few large segments.
    const std::size_t doubled =
        segments_.empty() ? first_segment_bytes : std::max(page_bytes, 2 * segments_.back()->capacity_bytes());
    return {.wanted_bytes = std::max(least, std::min(doubled, max_segment_bytes_)), .least_bytes = least};
}

Segment& TopicQueue::add_segment(std::size_t capacity_bytes) {
    segments_.push_back(std::make_unique<Segment>(stats_.last_position + 1, capacity_bytes));
    stats_.held_bytes += capacity_bytes;
    return *segments_.back();
}

Segment& TopicQueue::add_found(std::uint64_t positions) {
    segments_.push_back(std::make_unique<Segment>(stats_.last_position + 1, 0));
    stats_.last_position += positions;
    segments_.back()->is_closed = true;
    return *segments_.back();
}

Segment& TopicQueue::append(const StoredRecord& record) {
    Segment& segment = *segments_.back();
    answered_segments_ -= is_answered(segment) && segment.end_position() != segment.first_position() ? 1 : 0;
    segment.append(record);
    ++stats_.last_position;
    ++stats_.waiting_records;
    stats_.waiting_bytes += record.key.size() + record.value.size();
    stats_.pending_lines += record.lines;
    return segment;
}

TopicQueue::Found TopicQueue::first_waiting() {
    while (send_index_ < segments_.size()) {
        Segment& segment = *segments_[send_index_];
        if (!segment.is_resident()) {
            return {.segment = &segment, .position = segment.first_position()};
        }
        if (segment.waiting() != 0) {
            const auto position = segment.first_waiting();
            return position < gate_ ? Found{.segment = &segment, .position = position} : Found{};
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

    if (before.state == RecordState::waiting) {
        --stats_.waiting_records;
        stats_.waiting_bytes -= before.size_bytes();
    } else {
        --stats_.taken_records;
        stats_.taken_bytes -= before.size_bytes();
    }
    switch (state) {
    case RecordState::waiting:
        ++stats_.waiting_records;
        stats_.waiting_bytes += before.size_bytes();
        send_index_ = std::min(send_index_, index);
        break;
    case RecordState::taken:
        ++stats_.taken_records;
        stats_.taken_bytes += before.size_bytes();
        break;
    case RecordState::answered:
        stats_.pending_lines -= before.lines;
        if (segment.unanswered() == 0) {
            if (keeps_answered_) {
                ++answered_segments_;
            } else {
                remove_segment(index);
            }
        }
        update_watermark();
        break;
    }
    return before;
}

std::uint64_t TopicQueue::load(Segment& segment, Segment& loaded) {
    const auto lines_before = segment.lines();
    stats_.waiting_records -= segment.waiting(); // none of a segment that was never read
    stats_.waiting_bytes -= segment.record_bytes();
    stats_.pending_lines -= lines_before;
    segment.take_memory(loaded);
    stats_.held_bytes += segment.capacity_bytes();
    stats_.waiting_records += segment.waiting();
    stats_.waiting_bytes += segment.record_bytes();
    stats_.pending_lines += segment.lines();
    answered_segments_ += is_answered(segment) ? 1 : 0;
    return segment.lines() < lines_before ? lines_before - segment.lines() : 0;
}

void TopicQueue::release(Segment& segment) {
    stats_.held_bytes -= segment.capacity_bytes();
    segment.release_memory();
}

std::unique_ptr<Segment> TopicQueue::remove_segment(std::size_t index) {
    auto segment = std::move(segments_[index]);
    stats_.held_bytes -= segment->capacity_bytes();
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(index));
    if (index < send_index_) {
        --send_index_;
    }
    return segment;
}

std::unique_ptr<Segment> TopicQueue::take_answered(bool keep_newest) {
    if (answered_segments_ == 0) {
        return nullptr;
    }
    const auto end = segments_.end() - (keep_newest ? 1 : 0);
    const auto found = std::find_if(segments_.begin(), end, [](const auto& it) { return is_answered(*it); });
    if (found == end) {
        return nullptr;
    }
    --answered_segments_;
    return remove_segment(static_cast<std::size_t>(found - segments_.begin()));
}

void TopicQueue::update_watermark() {
    for (const auto& segment : segments_) {
        if (!segment->is_resident() || segment->unanswered() != 0) {
            const auto first = segment->is_resident() ? segment->first_unanswered() : segment->first_position();
            stats_.watermark = first - 1;
            return;
        }
    }
    stats_.watermark = stats_.last_position;
}

Segment* TopicQueue::find(std::uint64_t first_position) {
    const auto found = std::find_if(segments_.begin(), segments_.end(),
                                    [&](const auto& it) { return it->first_position() == first_position; });
    return found == segments_.end() ? nullptr : found->get();
}

bool TopicQueue::has_pending() const {
    return stats_.waiting_records + stats_.taken_records != 0 ||
           std::any_of(segments_.begin(), segments_.end(), [](const auto& it) { return !it->is_resident(); });
}

Segment* TopicQueue::oldest_droppable(bool only_resident) {
    const auto oldest = std::find_if(segments_.begin(), segments_.end(), [&](const auto& segment) {
        return segment->taken() == 0 && !is_answered(*segment) && (segment->is_resident() || !only_resident);
    });
    return oldest == segments_.end() ? nullptr : oldest->get();
}

std::uint64_t TopicQueue::drop(Segment& segment) {
    std::uint64_t lines = 0;
    if (segment.is_resident()) {
        lines = drop_waiting_of(segment);
    } else { // one of which the counts are known
        const auto records = segment.waiting();
        lines = segment.lines();
        stats_.waiting_records -= records;
        stats_.waiting_bytes -= segment.record_bytes();
        stats_.pending_lines -= lines;
    }
    remove_segment(index_of(segment.first_position()));
    update_watermark();
    return lines;
}

std::uint64_t TopicQueue::drop_waiting() {
    std::uint64_t lines = 0;
    for (std::size_t index = segments_.size(); index-- != 0;) {
        if (!segments_[index]->is_resident()) {
            continue; // its file stays
        }
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
        stats_.waiting_bytes -= slot.size_bytes();
        stats_.pending_lines -= slot.lines;
        segment.set_state(position, RecordState::answered);
    }
    return lines;
}

} // namespace agent::journal
