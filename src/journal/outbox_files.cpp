#include "journal/outbox_files.hpp"

#include "journal/record_frame.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace agent::journal {

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
} // namespace

OutboxFiles::OutboxFiles(Outbox& outbox, const DeltaLog& deltas, FileSystem& files, core::Runner& reader,
                         Options options, Damage& damage, std::function<void()> wake)
    : outbox_(outbox),
      deltas_(deltas),
      files_(files),
      reader_(reader),
      options_(std::move(options)),
      damage_(damage),
      wake_(std::move(wake)) {
    outbox.keep_in(*this, TopicQueue::segment_limit(options_.max_bytes, core::limits::outbox_file_bytes));
    update_gates();
}

std::shared_ptr<JournalFile> OutboxFiles::make_file(core::Topic topic, const FileHeader& header) const {
    const auto& layout = options_.layout;
    return std::make_shared<JournalFile>(layout.records_file(topic, header.number), layout.topic(topic), header);
}

void OutboxFiles::set_next_number(core::Topic topic, std::uint64_t number) {
    of(topic).next_number = number;
}

void OutboxFiles::add_found(core::Topic topic, const FoundFile& file, std::uint64_t last_frame) {
    auto& mine = of(topic);
    auto made = make_file(topic, file.header);
    size_bytes_ += file.size_bytes;
    if (file.answered_seq == Watermark::all) {
        mine.done.push_back({std::move(made), file.size_bytes, last_frame});
        return;
    }
    Segment& segment = outbox_.queue(topic).add_found(file.size_bytes / record_overhead_bytes + 1);
    segment.run = std::make_shared<const std::string>(file.header.run);
    segment.file = {.file = std::move(made),
                    .number = file.header.number,
                    .size_bytes = file.size_bytes,
                    .collected_bytes = file.size_bytes,
                    .most_covered = last_frame,
                    .next_to_write = never,
                    .answered_seq = file.answered_seq,
                    .is_found = true};
    mine.size_bytes += file.size_bytes;
    mine.written_end = mine.collected_end = outbox_.queue(topic).stats().last_position + 1;
    update_gate(topic);
}

void OutboxFiles::begin_file(core::Topic topic, Segment& segment) {
    auto& mine = of(topic);
    auto& queue = outbox_.queue(topic);
    if (queue.size() > 1) {
        Segment& before = queue.at(queue.size() - 2);
        before.is_closed = true;
        if (before.file.next_to_write == before.end_position()) {
            closing_.push_back(before.file.file);
        }
    }
    const auto number = mine.next_number++;
    segment.file = {.file = make_file(topic, {FileKind::records, number, deltas_.last_closed_frame(), *outbox_.run(),
                                              deltas_.last_series_id()}),
                    .number = number,
                    .size_bytes = file_header_bytes,
                    .collected_bytes = file_header_bytes,
                    .next_to_write = segment.first_position()};
    size_bytes_ += file_header_bytes;
    mine.size_bytes += file_header_bytes;
    take_answered(topic);
    evict(topic, options_.resident_bytes);
}

void OutboxFiles::appended(core::Topic topic, Segment& segment) {
    const auto& slot = segment.slot(segment.end_position() - 1);
    const auto bytes = record_overhead_bytes + slot.size_bytes();
    segment.file.size_bytes += bytes;
    segment.file.most_covered = std::max(segment.file.most_covered, slot.origin.covers);
    of(topic).size_bytes += bytes;
    size_bytes_ += bytes;
}

void OutboxFiles::collect(WriteBatch& batch) {
    for (auto& file : closing_) {
        batch.records.push_back({.file = std::move(file), .is_last = true});
    }
    closing_.clear();
    const auto most_bytes = batch.bytes.size() + core::limits::write_batch_bytes; // deltas must not keep records out
    for (const auto topic : core::all_topics) {
        auto& queue = outbox_.queue(topic);
        auto index = queue.size();
        while (index > 0 && queue.at(index - 1).file.next_to_write < queue.at(index - 1).end_position()) {
            --index;
        }
        for (; index < queue.size() && batch.bytes.size() < most_bytes; ++index) {
            collect(queue.at(index), batch, most_bytes);
            of(topic).collected_end = queue.at(index).file.next_to_write;
        }
        if (index == queue.size() && (index == 0 || !has_unwritten(topic))) {
            of(topic).collected_end = queue.stats().last_position + 1; // what went unwritten while the disk failed, too
        }
        batch.end_positions[core::index(topic)] = of(topic).collected_end;
    }
}

void OutboxFiles::collect(Segment& segment, WriteBatch& batch, std::size_t most_bytes) {
    const auto begin = batch.bytes.size();
    auto& file = segment.file;
    for (; file.next_to_write < segment.end_position() && batch.bytes.size() < most_bytes; ++file.next_to_write) {
        append_record_frame(segment.record(file.next_to_write), batch.bytes);
    }
    const auto size = batch.bytes.size() - begin;
    const bool is_last = segment.is_closed && file.next_to_write == segment.end_position();
    batch.records.push_back({file.file, file.collected_bytes, begin, size, is_last});
    file.collected_bytes += size;
}

bool OutboxFiles::has_unwritten() const {
    return std::ranges::any_of(core::all_topics, [&](core::Topic topic) { return has_unwritten(topic); });
}

bool OutboxFiles::has_unwritten(core::Topic topic) const {
    const auto& queue = outbox_.queue(topic);
    return queue.size() != 0 &&
           queue.at(queue.size() - 1).file.next_to_write < queue.at(queue.size() - 1).end_position();
}

void OutboxFiles::written(const WriteBatch& batch) {
    for (const auto topic : core::all_topics) {
        of(topic).written_end = batch.end_positions[core::index(topic)];
        update_gate(topic);
        evict(topic, options_.resident_bytes);
    }
}

void OutboxFiles::begin_sync() {
    for (auto& mine : topics_) {
        mine.syncing_end = mine.written_end;
    }
}

void OutboxFiles::end_sync() {
    for (auto& mine : topics_) {
        mine.synced_end = mine.syncing_end;
    }
    update_gates();
}

bool OutboxFiles::has_gated() const {
    return options_.waits_for_sync &&
           std::ranges::any_of(topics_, [](const PerTopic& mine) { return mine.synced_end < mine.written_end; });
}

// A record that was sent and is then lost with the power would come again, made of its deltas, as another one.
void OutboxFiles::update_gate(core::Topic topic) {
    const auto safe_end = options_.waits_for_sync && !is_sync_failing_ ? of(topic).synced_end : of(topic).written_end;
    outbox_.queue(topic).set_gate(is_failing_ ? never : safe_end);
}

void OutboxFiles::update_gates() {
    for (const auto topic : core::all_topics) {
        update_gate(topic);
    }
}

void OutboxFiles::set_sync_failing(bool is_failing) {
    is_sync_failing_ = is_failing;
    update_gates();
}

void OutboxFiles::set_failing(bool is_failing) {
    is_failing_ = is_failing;
    update_gates();
}

// From the newest to the oldest: the oldest are sent first.
void OutboxFiles::evict(core::Topic topic, std::size_t down_to_bytes) {
    auto& queue = outbox_.queue(topic);
    for (auto index = queue.size(); index-- > queue.send_index() + 1 + loads_ahead;) {
        if (queue.stats().held_bytes <= down_to_bytes) {
            return;
        }
        Segment& segment = queue.at(index);
        const bool is_written = segment.end_position() <= of(topic).written_end;
        if (segment.is_closed && segment.is_resident() && segment.is_untouched() && is_written) {
            queue.release(segment);
        }
    }
}

bool OutboxFiles::release_memory(std::size_t bytes, std::size_t max_bytes) {
    for (const auto topic : core::all_topics) {
        evict(topic, 0);
    }
    return outbox_.held_bytes() + bytes <= max_bytes;
}

void OutboxFiles::make_room() {
    while (is_over_budget()) {
        const auto [topic, oldest] =
            outbox_.oldest_of_largest(false, [this](core::Topic candidate) { return of(candidate).size_bytes; });
        if (oldest == nullptr) {
            return;
        }
        if (oldest->file.is_found && !oldest->is_resident()) { // nobody knows yet how many lines it holds
            oldest->file.is_doomed = true;
            load(topic, *oldest);
            return;
        }
        drop(topic, *oldest);
    }
}

void OutboxFiles::drop(core::Topic topic, Segment& segment) {
    forget(topic, segment);
    outbox_.count_dropped(topic, outbox_.queue(topic).drop(segment), core::DropReason::budget);
}

void OutboxFiles::forget(core::Topic topic, Segment& segment) {
    of(topic).size_bytes -= segment.file.size_bytes;
    size_bytes_ -= segment.file.size_bytes;
    // Some of it may have been sent: it goes when no delta is left that it contains, as all others.
    of(topic).done.push_back({segment.file.file, 0, segment.file.most_covered});
}

void OutboxFiles::finish(core::Topic topic, const Segment& segment) {
    of(topic).size_bytes -= segment.file.size_bytes;
    of(topic).done.push_back({segment.file.file, segment.file.size_bytes, segment.file.most_covered});
}

void OutboxFiles::take_answered(core::Topic topic) {
    while (const auto segment = outbox_.queue(topic).take_answered(true)) {
        finish(topic, *segment);
    }
}

void OutboxFiles::end_idle() {
    for (const auto topic : core::all_topics) {
        while (const auto segment = outbox_.queue(topic).take_answered(false)) {
            closing_.push_back(segment->file.file);
            finish(topic, *segment);
        }
    }
}

std::vector<std::shared_ptr<JournalFile>> OutboxFiles::take_removable(std::uint64_t first_living_frame) {
    std::vector<std::shared_ptr<JournalFile>> removable;
    for (auto& mine : topics_) {
        std::erase_if(mine.done, [&](Done& done) {
            if (done.most_covered >= first_living_frame) {
                return false;
            }
            size_bytes_ -= done.size_bytes;
            removable.push_back(std::move(done.file));
            return true;
        });
    }
    return removable;
}

bool OutboxFiles::has_removable(std::uint64_t first_living_frame) const {
    return std::ranges::any_of(topics_, [&](const PerTopic& mine) {
        return std::ranges::any_of(mine.done, [&](const Done& done) { return done.most_covered < first_living_frame; });
    });
}

Watermark OutboxFiles::watermark(core::Topic topic) {
    auto& queue = outbox_.queue(topic);
    for (std::size_t index = 0; index < queue.size(); ++index) {
        Segment& segment = queue.at(index);
        const auto& file = segment.file;
        if (!segment.is_resident()) {
            return {file.number, file.answered_seq};
        }
        if (const auto first = segment.first_unanswered(); first != segment.end_position()) {
            return {file.number, segment.slot(first).seq - 1};
        }
        if (index + 1 == queue.size() && !segment.is_closed) { // it may still get more
            return {file.number, segment.slot(segment.end_position() - 1).seq};
        }
    }
    return {topics_[core::index(topic)].next_number, 0};
}

} // namespace agent::journal
