// Which open buckets have changed since the journal was last told, and telling it: at each journal tick every changed
// bucket becomes one entry, however many lines changed it. One thread.
#pragma once

#include "aggregate/series_entry.hpp"
#include "journal/delta_target.hpp"

#include <cstddef>
#include <vector>

namespace agent::aggregate {

class ChangeLog {
  public:
    // Without a sink nothing is noted. It outlives the log.
    explicit ChangeLog(journal::DeltaSink* sink) : sink_(sink) {}

    void note(Series& series, Bucket& bucket) {
        bucket.is_dirty = true;
        if (!series.current.in_delta_list && sink_ != nullptr) {
            series.current.in_delta_list = true;
            changed_.push_back(&series);
        }
    }

    bool empty() const { return changed_.empty(); }

    // Writes changes until there are none, or the sink's open frame has `max_bytes`. True when there are none left.
    bool write(std::size_t max_bytes);

  private:
    void write(Series& series);
    void define(Series& series);
    void write(const Series& series, Bucket& bucket);

    journal::DeltaSink* sink_;
    std::vector<Series*> changed_; // in_delta_list
    std::size_t written_ = 0;      // of those
};

} // namespace agent::aggregate
