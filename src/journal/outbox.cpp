#include "journal/outbox.hpp"

#include "journal/dead_letters.hpp"
#include "journal/outbox_files.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace agent::journal {

namespace {

// In memory. Large enough that few are needed, small enough that dropping one loses little.
constexpr std::size_t largest_segment_bytes = 256 * 1024;

template <std::size_t... I>
std::array<TopicQueue, sizeof...(I)> make_queues(std::size_t limit, std::index_sequence<I...>) {
    return {((void)I, TopicQueue(limit))...};
}

} // namespace

Outbox::Outbox(std::string run, core::Ledger& ledger, std::size_t max_bytes)
    : run_(std::make_shared<const std::string>(std::move(run))),
      ledger_(ledger),
      max_bytes_(max_bytes),
      queues_(make_queues(TopicQueue::segment_limit(max_bytes, largest_segment_bytes),
                          std::make_index_sequence<core::topic_count>{})) {}

Outbox::~Outbox() = default;

void Outbox::keep_in(OutboxFiles& files, std::size_t max_segment_bytes) {
    files_ = &files;
    for (TopicQueue& queue : queues_) {
        queue.keep_answered(max_segment_bytes);
    }
}

Append Outbox::append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                      std::int64_t sealed_ms, const Origin& origin) {
    TopicQueue& to = queue(topic);
    if (const auto growth = to.growth_for(key.size(), value.size()); growth.least_bytes != 0) {
        if (growth.least_bytes > max_bytes_) {
            count_dropped(topic, lines, core::DropReason::budget);
            return Append::accepted;
        }
        if (!has_room(growth.wanted_bytes) && !has_room(growth.least_bytes)) {
            return Append::full;
        }
        const bool is_wanted = held_bytes() + growth.wanted_bytes <= max_bytes_;
        Segment& segment = to.add_segment(is_wanted ? growth.wanted_bytes : growth.least_bytes);
        segment.run = run_;
        if (files_ != nullptr) {
            files_->begin_file(topic, segment);
        }
    }
    auto& seq = last_seq_[core::index(topic)];
    Segment& segment = to.append({++seq, origin, lines, sealed_ms, key, value});
    if (files_ != nullptr) {
        files_->appended(topic, segment);
    }
    return Append::accepted;
}

// Makes it where it can.
bool Outbox::has_room(std::size_t bytes) {
    if (is_unbounded_) {
        return true;
    }
    if (files_ != nullptr && !files_->is_failing()) {
        files_->make_room();
        return held_bytes() + bytes <= max_bytes_ || files_->release_memory(bytes, max_bytes_);
    }
    while (held_bytes() + bytes > max_bytes_) {
        const auto [topic, oldest] =
            oldest_of_largest(true, [this](core::Topic candidate) { return stats(candidate).held_bytes; });
        if (oldest == nullptr) {
            return false;
        }
        if (files_ != nullptr) {
            files_->forget(topic, *oldest);
        }
        count_dropped(topic, queue(topic).drop(*oldest), core::DropReason::budget);
    }
    return true;
}

void Outbox::count_dropped(core::Topic topic, std::uint64_t lines, core::DropReason reason) {
    ledger_.of(topic).dropped_lines[static_cast<std::size_t>(reason)] += lines;
}

void Outbox::count_recovered(core::Topic topic, std::uint64_t lines) {
    ledger_.of(topic).recovered_lines += lines;
}

std::optional<forward::RecordView> Outbox::peek(core::Topic topic) {
    const auto [segment, position] = queue(topic).first_waiting();
    if (segment == nullptr) {
        return std::nullopt;
    }
    if (!segment->is_resident()) {
        files_->load_next(topic);
        return std::nullopt;
    }
    if (files_ != nullptr) {
        files_->load_ahead(topic);
    }
    const auto record = segment->record(position);
    return forward::RecordView{
        .topic = topic,
        .position = position,
        .run = *segment->run,
        .seq = record.seq,
        .key = record.key,
        .value = record.value,
        .sealed_ms = record.sealed_ms,
    };
}

void Outbox::take(core::Topic topic, std::uint64_t position) {
    queue(topic).set_state(position, RecordState::taken);
}

RecordCost Outbox::put_back(core::Topic topic, std::uint64_t position) {
    const auto slot = queue(topic).set_state(position, RecordState::waiting);
    return {.size_bytes = slot.size_bytes(), .lines = slot.lines};
}

void Outbox::set_aside(core::Topic topic, std::uint64_t position) {
    if (dead_letters_ != nullptr) {
        dead_letters_->append(topic, queue(topic).record(position));
    }
}

RecordCost Outbox::answered(core::Topic topic, std::uint64_t position) {
    const auto slot = queue(topic).set_state(position, RecordState::answered);
    if (files_ != nullptr) {
        files_->take_answered(topic);
    }
    return {.size_bytes = slot.size_bytes(), .lines = slot.lines};
}

void Outbox::drop_waiting(core::DropReason reason) {
    for (const core::Topic topic : core::all_topics) {
        ledger_.of(topic).dropped_lines[static_cast<std::size_t>(reason)] += queue(topic).drop_waiting();
    }
}

std::size_t Outbox::held_bytes() const {
    return std::accumulate(queues_.begin(), queues_.end(), std::size_t{0},
                           [](std::size_t sum, const TopicQueue& of) { return sum + of.stats().held_bytes; });
}

bool Outbox::empty() const {
    return std::none_of(queues_.begin(), queues_.end(), [](const TopicQueue& of) { return of.has_pending(); });
}

} // namespace agent::journal
