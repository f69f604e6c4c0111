#include "journal/journal.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace agent::journal {

namespace limits = core::limits;
using boost::system::error_code;

Journal::Journal(FileSystem& files, const Runners& runners, JournalOptions options, Outbox& outbox,
                 const core::Clock& clock, std::function<void()> wake)
    : disk_(files),
      runners_(runners),
      options_(std::move(options)),
      layout_(options_.directory),
      outbox_(outbox),
      clock_(clock),
      wake_(std::move(wake)),
      deltas_(layout_, *outbox.run(), options_.resolution_ms),
      files_(outbox, deltas_, files, runners.reader,
             {.layout = layout_, .max_bytes = options_.max_bytes, .waits_for_sync = options_.fsync == Fsync::always},
             damage_, wake_),
      dead_letters_(outbox, files, runners.writer, {layout_.dead_letters, layout_.set_aside, *outbox.run()},
                    [this](const std::string& path) { syncer_.add_file(path); }),
      batch_(std::make_unique<WriteBatch>()),
      syncer_(files, runners.syncer, clock, options_.fsync, [this](const error_code& failure) { synced(failure); }) {}

Journal::~Journal() {
    if (lock_ >= 0) {
        disk_.close(lock_);
    }
}

bool Journal::write(bool is_drained, std::int64_t oldest_ms) {
    assert(is_ready());
    auto& batch = *batch_;
    batch.clear();
    deltas_.collect(batch);
    files_.collect(batch);
    if (is_drained && !files_.has_unwritten()) {
        batch.drain = ++last_drain_;
    }
    batch.oldest_ms = oldest_ms;
    if (batch.empty()) {
        if (batch.drain != 0) {
            reach(batch.drain);
        }
    } else {
        start_writing();
    }
    return batch.drain != 0;
}

void Journal::start_writing() {
    is_writing_ = true;
    write_began_ms_ = clock_.steady_ms();
    auto result = std::make_shared<WriteResult>();
    runners_.writer.run([&disk = disk_, &batch = *batch_, result] { *result = write_batch(disk, batch); },
                        [this, result] { written(*result); });
}

void Journal::written(const WriteResult& result) {
    is_writing_ = false;
    stats_.written_bytes += result.written_bytes;
    for (const auto& directory : result.made_in) {
        syncer_.add_directory(directory);
    }
    if (result.failure) {
        ++stats_.write_failures;
        fail(result.failed_path, result.failure);
        wake_();
        return;
    }
    if (is_failing()) {
        failure_.clear();
        files_.set_failing(false);
    }
    for (const auto* const writes : {&batch_->records, &batch_->deltas}) {
        for (const auto& write : *writes) {
            syncer_.add_file(write.file->path);
        }
    }
    files_.written(*batch_);
    if (batch_->drain != 0) {
        reach(batch_->drain);
    }
    batch_->clear();
    if (batch_->bytes.capacity() > limits::write_batch_bytes / 4) {
        std::vector<std::byte>().swap(batch_->bytes); // a burst's memory is given back
    }
    files_.make_room();
    sync();
    retire();
    wake_();
}

void Journal::fail(const std::string& path, const error_code& failure) {
    failure_ = failure;
    stats_.last_failure = path + ": " + failure.message();
    next_try_ms_ = clock_.steady_ms() + limits::journal_retry_ms;
    files_.set_failing(true);
}

// Everything up to the drain is written.
void Journal::reach(std::uint64_t drain) {
    written_drain_ = drain;
    if (options_.fsync != Fsync::always || syncer_.has_nothing_to_do()) {
        safe_drain_ = drain;
    }
}

bool Journal::is_durable() const {
    const auto hangs_since = [now_ms = clock_.steady_ms()](std::int64_t began_ms) {
        return now_ms - began_ms > limits::journal_patience_ms;
    };
    if (is_failing() || (is_writing_ && hangs_since(write_began_ms_))) {
        return false;
    }
    return options_.fsync != Fsync::always ||
           (!syncer_.has_failed() && !(syncer_.is_busy() && hangs_since(syncer_.began_ms())));
}

std::int64_t Journal::oldest_unwritten_ms() const {
    return is_writing_ || is_failing() ? batch_->oldest_ms : 0;
}

void Journal::sync() {
    const bool is_awaited = options_.fsync == Fsync::always && (written_drain_ > safe_drain_ || files_.has_gated());
    const auto before = syncer_.next();
    syncer_.start_if_due(is_awaited || is_closing_);
    if (syncer_.is_busy() && syncer_.next() != before) {
        syncing_drain_ = written_drain_;
        files_.begin_sync();
    } else if (is_awaited && syncer_.has_nothing_to_do()) { // the last sync had it already
        safe_drain_ = written_drain_;
        files_.begin_sync();
        files_.end_sync();
    }
}

void Journal::synced(const error_code& failure) {
    if (failure) {
        ++stats_.sync_failures;
        stats_.last_failure = "fdatasync in " + layout_.root + ": " + failure.message();
        files_.set_sync_failing(true);
    } else if (options_.fsync == Fsync::always) {
        safe_drain_ = syncing_drain_;
        files_.end_sync();
    }
    if (!failure) {
        files_.set_sync_failing(false);
    }
    sync();
    retire();
    wake_();
}

void Journal::beat() {
    if (is_failing() && !is_writing_ && clock_.steady_ms() >= next_try_ms_) {
        start_writing();
    }
    sync();
    retire();
    tidy();
}

bool Journal::is_choked() const {
    return !is_failing() && files_.has_unwritten() && outbox_.held_bytes() > outbox_.max_bytes() / 8 * 7;
}

void Journal::begin_flush(bool is_last) {
    if (std::exchange(is_flushing_, true)) {
        return;
    }
    // New files for each flush would be more than a slow disk can sync: it would fall behind for ever.
    if (is_last || !syncer_.is_busy() || is_sync_hopeless()) {
        deltas_.rotate();
        files_.end_idle();
    }
}

void Journal::end_flush() {
    if (!std::exchange(is_flushing_, false)) {
        return;
    }
    auto old = deltas_.take_old();
    std::ranges::move(old, std::back_inserter(retiring_.segments));
    for (const auto topic : core::all_topics) {
        retiring_.end_positions[core::index(topic)] = outbox_.stats(topic).last_position + 1;
    }
    retiring_.sync = 0;
}

bool Journal::wants_flush() const {
    // While a sync is under way no segment would end with it.
    return !is_flushing_ && !syncer_.is_busy() &&
           deltas_.current_bytes() > options_.max_bytes / limits::early_flush_share;
}

// Waiting for it would only fill the disk; what it is for, a power loss, is not promised now. With --fsync always it
// is, of what was safe before, and half of the budget is kept for that.
bool Journal::is_sync_hopeless() const {
    const bool hangs = syncer_.is_busy() && clock_.steady_ms() - syncer_.began_ms() > limits::journal_patience_ms;
    return (syncer_.has_failed() || hangs) &&
           (options_.fsync != Fsync::always || files_.size_bytes() > options_.max_bytes / 2);
}

// Lets delta segments go of which the records are safe.
void Journal::retire() {
    if (removal_sync_ != 0 && (syncer_.is_done(removal_sync_) || is_sync_hopeless())) {
        removal_sync_ = 0;
        removable_below_frame_ = removing_below_;
    }
    if (retiring_.segments.empty() || is_failing() || is_flushing_) {
        return;
    }
    for (const auto topic : core::all_topics) {
        if (files_.written_end(topic) < retiring_.end_positions[core::index(topic)]) {
            return;
        }
    }
    if (retiring_.sync == 0) {
        retiring_.sync = syncer_.next();
    }
    if (!syncer_.is_done(retiring_.sync) && !is_sync_hopeless()) {
        return;
    }
    std::ranges::move(retiring_.segments, std::back_inserter(doomed_));
    retiring_ = {};
    living_below_ = deltas_.first_living_frame();
}

std::vector<std::pair<std::string, Watermark>> Journal::changed_watermarks() {
    std::vector<std::pair<std::string, Watermark>> changed;
    for (const auto topic : core::all_topics) {
        const auto now = files_.watermark(topic);
        auto& on_disk = watermarks_[core::index(topic)];
        if (now != on_disk) {
            on_disk = now;
            changed.emplace_back(layout_.watermark(topic), now);
        }
    }
    return changed;
}

void Journal::tidy() {
    if (is_tidying_) {
        return;
    }
    const auto now_ms = clock_.steady_ms();
    std::vector<std::pair<std::string, Watermark>> watermarks;
    if (is_closing_ || now_ms - last_watermark_ms_ >= limits::journal_watermark_ms) {
        last_watermark_ms_ = now_ms;
        watermarks = changed_watermarks();
        if (!is_closing_) {
            files_.load_again();
        }
    }
    auto work = std::make_shared<Tidying>();
    work->watermarks = std::move(watermarks);
    if (now_ms >= next_removal_ms_) {
        work->deltas = std::exchange(doomed_, {});
        work->deltas_below = work->deltas.empty() ? 0 : living_below_;
        work->records = std::exchange(doomed_records_, {});
        std::ranges::move(files_.take_removable(removable_below_frame_), std::back_inserter(work->records));
    }
    if (work->watermarks.empty() && work->deltas.empty() && work->records.empty()) {
        return;
    }
    is_tidying_ = true;
    runners_.writer.run(
        [&disk = disk_, work] {
            work->deltas = remove_files(disk, work->deltas);
            work->records = remove_files(disk, work->records);
            for (const auto& [path, watermark] : work->watermarks) {
                work->watermarks_failed = replace_file(disk, path, encode(watermark)) || work->watermarks_failed;
            }
        },
        [this, work] { tidied(*work); });
}

// Records may go only when no delta is left, not even after a power loss, that they contain. What could not be removed
// is tried again: a delta that stayed behind would be counted once more at the next start.
void Journal::tidied(const Tidying& done) {
    is_tidying_ = false;
    if (!done.deltas.empty() || !done.records.empty()) {
        next_removal_ms_ = clock_.steady_ms() + limits::journal_retry_ms;
    }
    doomed_.insert(doomed_.begin(), done.deltas.begin(), done.deltas.end());
    doomed_records_.insert(doomed_records_.end(), done.records.begin(), done.records.end());
    if (done.deltas_below != 0 && done.deltas.empty()) {
        syncer_.add_directory(layout_.deltas);
        removal_sync_ = syncer_.next();
        removing_below_ = done.deltas_below;
    }
    if (done.watermarks_failed) {
        watermarks_ = {}; // all are written again
    }
    wake_();
}

void Journal::begin_close() {
    is_closing_ = true;
    files_.end_idle();
}

bool Journal::is_closed() {
    const bool has_watermarks = std::ranges::all_of(core::all_topics, [&](core::Topic topic) {
        return watermarks_[core::index(topic)] == files_.watermark(topic);
    });
    return has_watermarks && is_quiet() && retiring_.segments.empty() && doomed_.empty() && removal_sync_ == 0 &&
           syncer_.has_nothing_to_do() && doomed_records_.empty() && !files_.has_removable(removable_below_frame_);
}

} // namespace agent::journal
