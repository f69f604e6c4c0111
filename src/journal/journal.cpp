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
      deltas_(layout_.deltas, *outbox.run(), options_.resolution_ms),
      files_(outbox, deltas_, files, runners.reader, {layout_.outbox, options_.max_bytes}, damage_, wake_),
      dead_letters_(outbox, files, runners.writer, {layout_.dead_letters, layout_.set_aside, *outbox.run()},
                    [this](const std::string& path) { syncer_.add_file(path); }),
      batch_(std::make_unique<WriteBatch>()),
      syncer_(files, runners.syncer, clock, options_.fsync, [this](const error_code& failure) { synced(failure); }) {}

Journal::~Journal() {
    if (lock_ >= 0) {
        disk_.close(lock_);
    }
}

void Journal::write(bool is_drained, std::int64_t oldest_ms) {
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
        return;
    }
    start_writing();
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
    const bool is_hanging = is_writing_ && clock_.steady_ms() - write_began_ms_ > limits::journal_patience_ms;
    return !is_failing() && !is_hanging && !(options_.fsync == Fsync::always && syncer_.has_failed());
}

std::int64_t Journal::oldest_unwritten_ms() const {
    return is_writing_ || is_failing() ? batch_->oldest_ms : 0;
}

void Journal::sync() {
    const bool is_awaited = options_.fsync == Fsync::always && written_drain_ > safe_drain_;
    const auto before = syncer_.next();
    syncer_.start_if_due(is_awaited || is_closing_);
    if (syncer_.is_busy() && syncer_.next() != before) {
        syncing_drain_ = written_drain_;
    }
}

void Journal::synced(const error_code& failure) {
    if (failure) {
        ++stats_.sync_failures;
        stats_.last_failure = "fdatasync in " + layout_.root + ": " + failure.message();
    } else if (options_.fsync == Fsync::always) {
        safe_drain_ = syncing_drain_;
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
    return !is_failing() && files_.has_unwritten() && outbox_.held_bytes() > limits::outbox_bytes * 3 / 4;
}

void Journal::begin_flush() {
    if (!is_flushing_) {
        is_flushing_ = true;
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
    return deltas_.current_bytes() > options_.max_bytes / limits::early_flush_share;
}

// Lets delta segments go of which the records are safe.
void Journal::retire() {
    if (removal_sync_ != 0 && syncer_.is_done(removal_sync_)) {
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
    if (!syncer_.is_done(retiring_.sync)) {
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
            changed.emplace_back(layout_.topic(topic) + "/watermark", now);
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
    }
    auto doomed = std::exchange(doomed_, {});
    const auto removing_below = doomed.empty() ? 0 : living_below_;
    std::ranges::move(files_.take_removable(removable_below_frame_), std::back_inserter(doomed));
    if (watermarks.empty() && doomed.empty()) {
        return;
    }
    is_tidying_ = true;
    runners_.writer.run(
        [&disk = disk_, doomed = std::move(doomed), watermarks = std::move(watermarks)] {
            remove_files(disk, doomed);
            for (const auto& [path, watermark] : watermarks) {
                static_cast<void>(replace_file(disk, path, encode(watermark))); // an old one sends a little again
            }
        },
        [this, removing_below] { tidied(removing_below); });
}

// Records may go only when no delta is left, not even after a power loss, that they contain.
void Journal::tidied(std::uint64_t removed_deltas_below) {
    is_tidying_ = false;
    if (removed_deltas_below != 0) {
        syncer_.add_directory(layout_.deltas);
        removal_sync_ = syncer_.next();
        removing_below_ = removed_deltas_below;
    }
    wake_();
}

void Journal::begin_close() {
    is_closing_ = true;
    files_.end_idle();
}

bool Journal::is_closed() const {
    return is_quiet() && retiring_.segments.empty() && doomed_.empty() && removal_sync_ == 0 &&
           syncer_.has_nothing_to_do() && !files_.has_removable(removable_below_frame_);
}

} // namespace agent::journal
