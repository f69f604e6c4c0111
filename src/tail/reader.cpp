#include "tail/reader.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <system_error>

namespace agent::tail {

namespace limits = core::limits;

namespace {

constexpr std::size_t most_reads = 2;              // at once: one is cut while the next one is read
constexpr std::size_t first_read_bytes = 16 << 10; // of a file that grew: mostly it is a few lines
// Beyond it the beginning of a record is not read again for each byte.
constexpr std::size_t long_record_bytes = 64 << 10;
constexpr std::size_t least_limited_read_bytes = 4096;
constexpr std::int64_t silence_ms = 1000; // ends a record of several lines, and waiting for more of a long one
constexpr std::int64_t retry_ms = 1000;   // a read failed
constexpr std::int64_t refill_ms = 100;   // the rate limit's budget is for so long
constexpr std::uint64_t most_rate = std::uint64_t{1} << 40; // a second; beyond it there is no limit
constexpr std::size_t small_share = 4; // of a buffer: what fills less is moved to a buffer of its size

} // namespace

Reader::Reader(const StreamOptions& options, Sender& sender, BufferPool& buffers, std::size_t chunk_bytes,
               core::Runner& runner, const core::Clock& clock, StreamStats& stats)
    : options_(options),
      sender_(sender),
      buffers_(buffers),
      chunk_bytes_(chunk_bytes),
      runner_(runner),
      clock_(clock),
      stats_(stats),
      framer_(options) {}

void Reader::wake(TailedFile& file) {
    if (file.is_reading) {
        file.is_woken = true;
    } else if (!file.is_queued && may_read(file)) {
        file.is_queued = true;
        queue_.push_back(&file);
    }
}

void Reader::forget(TailedFile& file) {
    std::erase(queue_, &file);
    file.is_queued = false;
}

bool Reader::may_read(const TailedFile& file) const {
    return file.file && file.is_saved && file.search == 0 && file.after.empty() && file.retry_ms <= clock_.steady_ms();
}

void Reader::work() {
    refill();
    while (!queue_.empty() && reading_ < most_reads && sender_.has_room() && !buffers_.is_full() &&
           (options_.rate_limit_bytes == 0 || budget_bytes_ > 0)) {
        TailedFile& file = *queue_.front();
        queue_.pop_front();
        file.is_queued = false;
        if (may_read(file)) {
            begin(file);
        }
    }
}

void Reader::refill() {
    if (options_.rate_limit_bytes == 0) {
        return;
    }
    const auto now_ms = clock_.steady_ms();
    const auto rate = static_cast<std::int64_t>(std::min(options_.rate_limit_bytes, most_rate));
    const auto most = std::max<std::int64_t>(rate * refill_ms / 1000, 1);
    const auto passed_ms = std::min<std::int64_t>(now_ms - refilled_ms_, 1000);
    if (const auto more = rate * passed_ms / 1000; more > 0) { // else the time goes on counting
        budget_bytes_ = std::min(budget_bytes_ + more, most);
        refilled_ms_ = now_ms;
    }
}

// As much as it is known to have, from the beginning of the record that was not whole.
std::size_t Reader::length_for(const TailedFile& file) const {
    const auto unfinished = static_cast<std::size_t>(file.seen_offset - file.read_offset);
    const auto known = file.size_bytes > file.read_offset ? file.size_bytes - file.read_offset : 0;
    auto length = static_cast<std::size_t>(std::clamp<std::uint64_t>(known, first_read_bytes, chunk_bytes_));
    if (options_.rate_limit_bytes != 0) {
        length = std::min(length, std::max(static_cast<std::size_t>(budget_bytes_), least_limited_read_bytes));
    }
    if (unfinished >= length / 2) {
        length = std::min(Framer::most_bytes(file.max_record_bytes), 2 * unfinished + length);
    }
    return length;
}

bool Reader::is_last_read(const TailedFile& file) const {
    return is_once_ || ((file.place == Place::away || file.is_rotated) &&
                        clock_.steady_ms() - file.changed_ms >= limits::log_away_quiet_ms);
}

void Reader::begin(TailedFile& file) {
    const bool is_silent = clock_.steady_ms() - file.changed_ms >= silence_ms;
    const auto unfinished = file.seen_offset - file.read_offset;
    auto request = std::make_shared<ReadRequest>();
    request->file = file.file;
    request->offset = file.read_offset;
    request->length_bytes = length_for(file);
    request->mark = file.read_mark;
    request->fingerprint = file.fingerprint;
    request->skips_holes = options_.framing != Framing::frames; // a frame may well have one in it
    if (!is_silent && !is_last_read(file)) {
        request->least_end = file.seen_offset + (unfinished > long_record_bytes ? unfinished / 4 : 0);
    }
    const auto before = file.is_pipe ? file.carry.size() : mark_length(file.read_offset);
    request->buffer = buffers_.take(before + request->length_bytes);
    if (file.is_pipe) {
        std::ranges::copy(file.carry, request->buffer.bytes.get());
        request->size_bytes = file.carry.size();
    }
    file.is_reading = true;
    file.is_woken = false;
    ++reading_;
    runner_.run(
        [request, is_pipe = file.is_pipe] {
            if (is_pipe) {
                read_pipe(*request);
            } else {
                read(*request);
            }
        },
        [this, request, &file] { finish(file, *request); });
}

void Reader::finish(TailedFile& file, ReadRequest& request) {
    --reading_;
    file.is_reading = false;
    if (request.error != 0) {
        note_failure(file, request.error);
    } else if (file.is_pipe) {
        const bool has_new = request.size_bytes > file.carry.size();
        file.size_bytes = file.read_offset + request.size_bytes;
        file.changed_ms = has_new ? clock_.steady_ms() : file.changed_ms;
        request.facts.size_bytes = request.is_replaced ? file.size_bytes : file.size_bytes + 1;
        take_bytes(file, request);
        file.is_woken = !file.is_finished;
    } else if (file.file != request.file) { // it goes on elsewhere meanwhile
        file.is_woken = true;
    } else if (request.is_replaced) {
        cut_short_.push_back(file.uid);
    } else {
        const auto before = file.seen_offset + file.read_offset;
        note_facts(file, request);
        take_bytes(file, request);
        const bool has_moved = file.seen_offset + file.read_offset > before; // else it waits: for a hole to be filled
        file.is_woken |= has_moved && file.read_offset < file.size_bytes && (file.has_more() || is_last_read(file));
    }
    if (request.buffer.bytes) {
        buffers_.give_back(std::move(request.buffer));
    }
    if (file.is_woken) {
        wake(file);
    }
    work();
    sender_.send();
}

// It is tried again; but what nobody can name any more, or is wanted only once, must not hold up others for ever.
void Reader::note_failure(TailedFile& file, int error) {
    const auto now_ms = clock_.steady_ms();
    ++stats_.read_failures;
    if (!std::exchange(file.has_failed, true)) {
        faults_.push_back({file.path, "cannot be read: " + std::generic_category().message(error)});
    }
    file.retry_ms = now_ms + retry_ms;
    if (is_once_ || (file.place == Place::away && now_ms - file.changed_ms >= limits::log_away_close_ms)) {
        stats_.skip(Skip::gone, file.unread_bytes(), 1);
        file.is_finished = true;
    }
}

void Reader::note_facts(TailedFile& file, const ReadRequest& request) {
    if (request.facts.size_bytes > file.size_bytes) {
        file.changed_ms = clock_.steady_ms();
        file.is_finished = false;
    }
    if (file.acked_offset == file.size_bytes) {
        file.behind_since_ms = clock_.steady_ms();
    }
    file.size_bytes = request.facts.size_bytes;
    file.is_deleted = request.facts.links == 0;
    file.modified_ns = request.facts.modified_ns;
    file.fingerprint = request.fingerprint;
}

void Reader::take_bytes(TailedFile& file, ReadRequest& request) {
    if (file.frame_left == spoiled) {
        pass_over(file, file.size_bytes, Skip::bad_frame);
        file.carry.clear();
        if (!file.is_pipe || request.is_replaced) {
            end_file(file, request);
        }
        return;
    }
    if (request.is_nothing_but_hole) {
        if (is_last_read(file)) {
            pass_over(file, file.size_bytes, Skip::hole);
            end_file(file, request);
        }
        return;
    }
    if (request.hole_bytes != 0) {
        pass_over(file, request.offset, Skip::hole);
    }
    const auto begins_at = file.is_pipe ? 0 : mark_length(request.offset);
    const std::string_view bytes(request.buffer.bytes.get() + begins_at, request.size_bytes);
    const auto end_offset = request.offset + bytes.size();
    const bool is_at_end = end_offset >= request.facts.size_bytes;
    const bool is_silent = is_at_end && clock_.steady_ms() - file.changed_ms >= silence_ms;
    const bool is_final = request.ends_at_hole || (request.ends_at_last_hole && is_last_read(file)) ||
                          (is_at_end && (file.is_pipe || is_last_read(file)));
    framer_.cut(bytes,
                is_final    ? End::final
                : is_silent ? End::silent
                            : End::open,
                file.frame_left, file.max_record_bytes, cuts_);
    file.seen_offset = std::max(file.seen_offset, end_offset);
    if (file.is_pipe) {
        file.carry = bytes.substr(cuts_.used_bytes);
    }
    if (cuts_.used_bytes != 0) {
        add_batch(file, request, request.offset, begins_at);
    }
    if (cuts_.is_impossible) {
        faults_.push_back({file.path, "no frame at byte " + std::to_string(file.read_offset) +
                                          " (impossible length): the rest of the file is skipped"});
        file.frame_left = spoiled;
        file.carry.clear();
        pass_over(file, file.size_bytes, Skip::bad_frame);
    }
    if (is_at_end && is_final && !request.ends_at_hole) {
        end_file(file, request);
    }
}

// The cuts become a batch, which keeps the buffer, or a smaller one where little of it is used.
void Reader::add_batch(TailedFile& file, ReadRequest& request, std::uint64_t begin, std::size_t begins_at) {
    auto batch = std::make_unique<Batch>();
    batch->file = &file;
    batch->begin = begin;
    batch->end = begin + cuts_.used_bytes;
    batch->frame_left = cuts_.frame_left;
    batch->woken_us = std::exchange(file.woken_us, 0);
    const auto used = begins_at + cuts_.used_bytes;
    if (!file.is_pipe) {
        batch->mark = make_mark(batch->end, {request.buffer.bytes.get(), used});
        std::size_t half = 0;
        for (std::size_t i = 0; i < cuts_.records.size() / 2; ++i) {
            half += cuts_.records[i].span_bytes;
        }
        if (half != 0) {
            batch->early_mark = make_mark(begin + half, {request.buffer.bytes.get(), begins_at + half});
        }
    }
    if (used < request.buffer.capacity_bytes / small_share) {
        auto small = buffers_.take(used);
        std::memcpy(small.bytes.get(), request.buffer.bytes.get(), used);
        batch->buffer = std::move(small);
    } else {
        batch->buffer = std::move(request.buffer);
        request.buffer = {};
    }
    batch->begins_at = begins_at;
    batch->records = cuts_.records;
    file.read_offset = batch->end;
    file.read_mark = batch->mark;
    file.frame_left = batch->frame_left;
    stats_.read_bytes += cuts_.used_bytes;
    budget_bytes_ -= static_cast<std::int64_t>(cuts_.used_bytes);
    sender_.add(std::move(batch));
}

// No record, but the file's position goes on behind it.
void Reader::pass_over(TailedFile& file, std::uint64_t end, Skip reason) {
    if (end <= file.read_offset) {
        return;
    }
    auto batch = std::make_unique<Batch>();
    batch->file = &file;
    batch->begin = file.read_offset;
    batch->end = end;
    batch->frame_left = file.frame_left;
    stats_.skip(reason, end - file.read_offset);
    stats_.read_bytes += end - file.read_offset;
    file.read_offset = end;
    file.seen_offset = std::max(file.seen_offset, end);
    file.read_mark = {};
    sender_.add(std::move(batch));
}

void Reader::end_file(TailedFile& file, const ReadRequest& request) {
    if (file.read_offset < file.size_bytes && options_.framing == Framing::frames && !request.is_nothing_but_hole) {
        pass_over(file, file.size_bytes, Skip::bad_frame); // a frame without its end
    }
    file.is_finished = file.read_offset >= file.size_bytes;
}

} // namespace agent::tail
