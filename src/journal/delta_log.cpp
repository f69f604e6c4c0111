#include "journal/delta_log.hpp"

#include "core/limits.hpp"
#include "journal/frame.hpp"

#include <cassert>
#include <utility>

namespace agent::journal {

void DeltaLog::set_start(const Start& start) {
    last_frame_ = start.last_frame;
    last_series_id_ = start.last_series_id;
}

std::shared_ptr<JournalFile> DeltaLog::make_file(std::uint64_t first_frame) const {
    return std::make_shared<JournalFile>(
        layout_.delta_file(first_frame), layout_.deltas,
        FileHeader{FileKind::deltas, first_frame, first_frame - 1, run_, last_series_id_});
}

void DeltaLog::add_found(std::uint64_t first_frame, std::uint64_t size_bytes) {
    old_.push_back(make_file(first_frame));
    old_bytes_ += size_bytes;
}

void DeltaLog::open_frame(std::int64_t base_ms) {
    if (!frame_.empty()) {
        return;
    }
    base_ms_ = base_ms;
    frame_.resize(frame_header_bytes);
    encoder_.begin_frame(base_ms);
    if (current_ == nullptr) {
        encoder_.resolution(resolution_ms_);
    }
}

void DeltaLog::define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                      std::string_view tail) {
    open_frame(base_ms_);
    encoder_.define(series_id, type, is_by_node, metric, tail);
}

void DeltaLog::counter(const BucketHead& head, std::int64_t value) {
    open_frame(head.start_ms);
    encoder_.counter(head, value);
}

void DeltaLog::gauge(const BucketHead& head, const GaugeDelta& gauge) {
    open_frame(head.start_ms);
    encoder_.gauge(head, gauge);
}

void DeltaLog::digest(const BucketHead& head, const DigestDelta& digest) {
    open_frame(head.start_ms);
    encoder_.digest(head, digest);
}

void DeltaLog::collect(WriteBatch& batch) {
    for (auto& file : closing_) {
        batch.deltas.push_back({.file = std::move(file), .is_last = true});
    }
    closing_.clear();
    if (frame_.empty()) {
        return;
    }
    finish_frame(frame_, FrameType::deltas, ++last_frame_);
    if (current_ == nullptr) {
        current_ = make_file(last_frame_);
        current_bytes_ = file_header_bytes;
    }
    batch.deltas.push_back({current_, current_bytes_, batch.bytes.size(), frame_.size(), false});
    current_bytes_ += frame_.size();
    if (batch.bytes.empty()) {
        batch.bytes.swap(frame_); // the usual case: nothing is copied, and the two buffers take turns
    } else {
        batch.bytes.insert(batch.bytes.end(), frame_.begin(), frame_.end());
    }
    frame_.clear();
    if (frame_.capacity() > core::limits::write_batch_bytes / 4) {
        std::vector<std::byte>().swap(frame_); // a burst's memory is given back
    }
}

void DeltaLog::rotate() {
    assert(frame_.empty());
    if (current_ == nullptr) {
        return;
    }
    closing_.push_back(current_);
    old_.push_back(std::move(current_));
    old_bytes_ += std::exchange(current_bytes_, 0);
    current_ = nullptr;
    ++segment_;
}

std::vector<std::shared_ptr<JournalFile>> DeltaLog::take_old() {
    old_bytes_ = 0;
    return std::exchange(old_, {});
}

std::uint64_t DeltaLog::first_living_frame() const {
    if (!old_.empty()) {
        return old_.front()->header.number;
    }
    return current_ != nullptr ? current_->header.number : last_frame_ + 1;
}

} // namespace agent::journal
