// The deltas of the open buckets on disk: segments DELTAS/<number of the first frame>.delta. A segment ends when a
// flush begins; it may go when that flush has sealed everything and what it sealed is safe. One thread.
#pragma once

#include "journal/delta_entry.hpp"
#include "journal/delta_target.hpp"
#include "journal/journal_file.hpp"
#include "journal/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace agent::journal {

class DeltaLog final : public DeltaSink {
  public:
    struct Start {
        std::uint64_t last_frame = 0;
        std::uint64_t last_series_id = 0;
    };

    DeltaLog(Layout layout, std::string run, std::int64_t resolution_ms)
        : layout_(std::move(layout)), run_(std::move(run)), resolution_ms_(resolution_ms), encoder_(frame_) {}

    // At start: where counting goes on, and the segments that an earlier run left.
    void set_start(const Start& start);
    void add_found(std::uint64_t first_frame, std::uint64_t size_bytes);

    std::uint32_t segment() const override { return segment_; }
    std::uint64_t new_series_id() override { return ++last_series_id_; }
    std::uint64_t last_closed_frame() const override { return last_frame_; }
    std::uint64_t last_series_id() const { return last_series_id_; }
    std::size_t open_bytes() const override { return frame_.size(); }
    void define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                std::string_view tail) override;
    void counter(const BucketHead& head, std::int64_t value) override;
    void gauge(const BucketHead& head, const GaugeDelta& gauge) override;
    void digest(const BucketHead& head, const DigestDelta& digest) override;

    // Closes the open frame, if it has anything, and adds it to the batch.
    void collect(WriteBatch& batch);

    // The next frame begins a new segment. Nothing is open.
    void rotate();

    // The segments that were there before the last rotate(), which are not counted among the living any more.
    std::vector<std::shared_ptr<JournalFile>> take_old();

    // Of the oldest segment that take_old() has not given; the next frame's where there is none.
    std::uint64_t first_living_frame() const;
    std::uint64_t size_bytes() const { return old_bytes_ + current_bytes_; }
    std::uint64_t current_bytes() const { return current_bytes_; } // since the last rotate()

  private:
    void open_frame(std::int64_t base_ms);
    std::shared_ptr<JournalFile> make_file(std::uint64_t first_frame) const;

    Layout layout_;
    std::string run_;
    std::int64_t resolution_ms_;
    std::vector<std::byte> frame_; // header, to be filled, and payload; empty while none is open
    DeltaEncoder encoder_;
    std::int64_t base_ms_ = 0;
    std::uint64_t last_frame_ = 0;
    std::uint64_t last_series_id_ = 0;
    std::uint32_t segment_ = 1;
    std::shared_ptr<JournalFile> current_; // none before its first frame
    std::uint64_t current_bytes_ = 0;
    std::vector<std::shared_ptr<JournalFile>> old_;
    std::vector<std::shared_ptr<JournalFile>> closing_; // written to their end, still open
    std::uint64_t old_bytes_ = 0;
};

} // namespace agent::journal
