// Makes the record of an open bucket, hands it to the journal and empties the bucket. Also makes the records of `put`
// points, which are never merged. One thread.
#pragma once

#include "aggregate/series_table.hpp"
#include "core/clock.hpp"
#include "journal/delta_target.hpp"
#include "journal/record_store.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/line_parser.hpp"
#include "mabs/tag_parser.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace agent::aggregate {

enum class Seal : std::uint8_t {
    sealed, // or there was nothing to seal
    full,   // the journal takes no record now: the bucket is as it was
};

class Sealer {
  public:
    // `node`: the host's name, for by-node records. `deltas`: what the journal has of open buckets; none without one.
    // All outlive the sealer.
    Sealer(SeriesTable& table, journal::RecordStore& store, const journal::DeltaSink* deltas, const core::Clock& clock,
           mabs::DigestMerger& merger, std::int64_t resolution_ms, std::string node);

    // The bucket may be gone afterwards: table.open_bucket() gives the one to go on with.
    Seal seal(Series& series, Bucket& bucket);

    // All open buckets of a series, the oldest last. Stops at the first that the journal does not take.
    // Adds to `cost` how many it made, those larger than core::limits::flush_record_bytes as several.
    Seal seal_all(Series& series, std::size_t& cost);

    // A bucket that is in no series' list: of an earlier run, as that run's resolution had it. It stays as it is.
    Seal seal_apart(const Series& series, Bucket& bucket, std::int64_t resolution_ms, const journal::Origin& origin);

    Seal seal_point(const mabs::Line& line, const mabs::TagList& tags);

    std::int64_t resolution_ms() const { return resolution_ms_; }

  private:
    core::SeriesView view_of(const Series& series);
    void encode(const core::SeriesView& view, Bucket& bucket, std::int64_t resolution_ms);
    Seal append(core::Topic topic, std::uint64_t lines, const journal::Origin& origin);

    SeriesTable& table_;
    journal::RecordStore& store_;
    const journal::DeltaSink* deltas_;
    const core::Clock& clock_;
    mabs::DigestMerger& merger_;
    std::int64_t resolution_ms_;
    std::string node_;
    std::array<core::Tag, core::limits::max_tags> tags_; // scratch, as are the two below
    std::string key_;
    std::string value_;
};

} // namespace agent::aggregate
