#include "tail/stream.hpp"

#include "core/limits.hpp"
#include "tail/file_uid.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace agent::tail {

namespace limits = core::limits;

namespace {

constexpr std::size_t least_chunk_bytes = 32 << 10;
constexpr std::size_t most_chunk_bytes = 256 << 10; // larger ones cost the caches more than they save in calls
constexpr std::size_t chunks_of_a_share = 8;
constexpr std::int64_t tick_ms = 250;
constexpr std::int64_t idle_tick_ms = 5000; // thousands of files take their time

std::size_t chunk_for(std::size_t buffer_bytes) {
    return std::clamp(buffer_bytes / chunks_of_a_share, least_chunk_bytes, most_chunk_bytes);
}

} // namespace

Stream::Stream(StreamOptions options, const Share& share, forward::LogConsumer& consumer, const Runners& runners,
               const core::Clock& clock)
    : options_(std::move(options)),
      share_(share),
      clock_(clock),
      buffers_(share.buffer_bytes),
      sender_({.topic = share.topic, .key = options_.key, .max_records = share.records}, consumer, buffers_, clock,
              stats_),
      reader_(options_, sender_, buffers_, chunk_for(share.buffer_bytes), runners.reader, clock, stats_),
      positions_(share.positions, files_, runners.saver, clock, stats_),
      discovery_(options_, {.files = files_,
                            .positions = positions_,
                            .reader = reader_,
                            .runner = runners.reader,
                            .clock = clock,
                            .stats = stats_}) {
    positions_.on_saved([this](TailedFile& file) { reader_.wake(file); });
    discovery_.set_open_files(share.open_files);
    if (share.is_once) {
        reader_.set_once(true);
        discovery_.set_once();
    }
}

void Stream::add_pipe(Descriptor pipe, const std::string& name) {
    auto file = std::make_unique<TailedFile>();
    file->uid = make_uid();
    file->path = file->first_path = name;
    file->file = std::make_shared<const Descriptor>(std::move(pipe));
    file->is_pipe = file->is_saved = true;
    file->changed_ms = file->behind_since_ms = clock_.steady_ms();
    file->max_record_bytes = options_.max_record_bytes;
    reader_.wake(files_.add(std::move(file)));
}

void Stream::changed(const std::string& path, bool is_new, std::int64_t now_us) {
    auto* const file = files_.at_path(path);
    if (file == nullptr || is_new) {
        discovery_.want(path);
    }
    if (file == nullptr) {
        return;
    }
    if (file->woken_us == 0) {
        file->woken_us = now_us;
    }
    if (file->file) {
        reader_.wake(*file);
    } else {
        discovery_.reopen(*file);
    }
}

void Stream::beat() {
    const auto now_ms = clock_.steady_ms();
    if (now_ms >= next_look_ms_ && !share_.is_once && !options_.include.empty()) {
        next_look_ms_ = now_ms + (discovery_.is_remote() ? limits::log_poll_ms : limits::log_rescan_ms);
        discovery_.want_all();
        files_.for_each([&](TailedFile& file) {
            const bool is_old = now_ms - file.changed_ms >= limits::log_away_close_ms;
            if (file.place == Place::away && !file.file && is_old) {
                discovery_.reopen(file);
            }
        });
    }
    if (now_ms - ticked_ms_ >= (needs_tick_ ? tick_ms : idle_tick_ms)) {
        ticked_ms_ = now_ms;
        tick();
    }
    work();
}

void Stream::work() {
    sender_.send();
    if (!is_closing_) {
        reader_.work();
        for (const auto& uid : reader_.take_cut_short()) {
            if (auto* const file = files_.by_uid(uid)) {
                discovery_.cut_short(*file);
            }
        }
        discovery_.work();
    }
    if (sender_.take_progress()) {
        positions_.touch();
    }
    positions_.work();
    needs_tick_ |= has_work();
}

void Stream::tick() {
    const auto now_ms = clock_.steady_ms();
    std::vector<TailedFile*> over;
    std::size_t open_files = 0;
    needs_tick_ = false;
    files_.for_each([&](TailedFile& file) {
        needs_tick_ |= tend(file, now_ms);
        open_files += file.file ? 1 : 0;
        if (is_over(file)) {
            over.push_back(&file);
        }
    });
    for (auto* const file : over) {
        reader_.forget(*file);
        files_.remove(*file);
        positions_.touch();
    }
    if (open_files > share_.open_files - share_.open_files / 8) {
        close_some(now_ms);
    }
    if (sender_.is_empty() && reader_.is_idle()) {
        buffers_.trim();
    }
}

// True: again soon.
bool Stream::tend(TailedFile& file, std::int64_t now_ms) {
    let_go_on(file);
    if (file.is_finished) {
        if (file.file && file.place == Place::away && !file.is_reading && !share_.is_once) {
            return watch_end(file, now_ms);
        }
        return !file.is_acked();
    }
    const bool is_left_over = file.read_offset < file.size_bytes; // of the last line, or record
    const auto quiet_ms = now_ms - file.changed_ms;
    if (is_left_over && file.place == Place::at_path && !file.is_rotated && quiet_ms >= limits::log_away_quiet_ms) {
        file.is_rotated =
            is_rotation_of(name_of(file.path), name_of(file.first_path)) || files_.original_of(file.path) != nullptr;
    }
    const bool is_record_open = options_.framing == Framing::multiline && is_left_over;
    const bool is_awaited = file.place == Place::away || share_.is_once || file.has_more() || is_record_open ||
                            (file.is_rotated && is_left_over);
    if (file.file && is_awaited) {
        reader_.wake(file);
    }
    return is_awaited || !file.after.empty() || (is_left_over && quiet_ms < 2 * limits::log_away_quiet_ms);
}

// Somebody may still write to it.
bool Stream::watch_end(TailedFile& file, std::int64_t now_ms) {
    if (now_ms - file.changed_ms >= limits::log_away_close_ms) {
        file.file.reset(); // it stays known, to be told from others
        return false;
    }
    if (now_ms >= file.recheck_ms) {
        file.recheck_ms = now_ms + limits::log_poll_ms;
        reader_.wake(file);
    }
    return true;
}

// What was to be read first has been, or is no more. A last line without LF, which has to wait, holds up nobody.
void Stream::let_go_on(TailedFile& file) {
    if (file.after.empty()) {
        return;
    }
    std::erase_if(file.after, [&](const std::string& uid) {
        const auto* const before = files_.by_uid(uid);
        return before == nullptr || before->is_finished ||
               (before->is_saved && before->after.empty() && before->search == 0 && before->file &&
                !before->is_reading && before->seen_offset >= before->size_bytes);
    });
    if (file.after.empty()) {
        reader_.wake(file);
    }
}

// Sent to its end, and not to be met again.
bool Stream::is_over(const TailedFile& file) const {
    return file.is_finished && file.is_acked() && !file.is_reading && file.search == 0 && !share_.is_once &&
           (file.place == Place::cut_short || (file.is_deleted && !file.file));
}

void Stream::close_some(std::int64_t now_ms) {
    std::vector<TailedFile*> idle;
    files_.for_each([&](TailedFile& file) {
        if (file.file && file.place == Place::at_path && !file.is_reading && !file.is_queued && file.is_acked() &&
            !file.has_more() && !file.is_pipe) {
            idle.push_back(&file);
        }
    });
    std::ranges::sort(idle, {}, &TailedFile::changed_ms);
    const auto enough = share_.open_files - share_.open_files / 4; // so that it is not done for each file
    auto open_files = files_.open_count();
    for (auto* const file : idle) {
        if (open_files <= enough || file->changed_ms == now_ms) {
            break;
        }
        file->file.reset();
        --open_files;
    }
}

std::vector<Refusal> Stream::take_refusals() {
    auto all = discovery_.take_refusals();
    std::ranges::move(reader_.take_faults(), std::back_inserter(all));
    return all;
}

bool Stream::has_work() const {
    return !sender_.is_empty() || !reader_.is_idle() || !discovery_.is_settled() || !positions_.is_clean();
}

bool Stream::is_done() const {
    if (!discovery_.is_settled() || !sender_.is_empty()) {
        return false;
    }
    bool is_done = true;
    files_.for_each([&](const TailedFile& file) { is_done &= file.is_finished && file.is_acked(); });
    return is_done;
}

void Stream::begin_close() {
    is_closing_ = true;
    positions_.hurry();
    positions_.touch_now();
}

std::uint64_t Stream::lag_bytes() const {
    std::uint64_t bytes = 0;
    files_.for_each([&](const TailedFile& file) {
        bytes += file.is_behind() && file.place != Place::cut_short ? file.size_bytes - file.acked_offset : 0;
    });
    return bytes;
}

std::int64_t Stream::lag_ms() const {
    const auto now_ms = clock_.steady_ms();
    std::int64_t longest_ms = 0;
    files_.for_each([&](const TailedFile& file) {
        longest_ms = std::max(longest_ms, file.is_behind() ? now_ms - file.behind_since_ms : 0);
    });
    return longest_ms;
}

} // namespace agent::tail
