// The port for what happens to open buckets: into the journal tick by tick, and out of it again at start. One thread.
//
// Counters and gauges come as the whole state of a bucket since it was last sealed; digests whole, or as what was put
// behind. A bucket that was sealed and begins afresh says so (is_first): what it was before must not be overwritten by
// what it is now.
#pragma once

#include "core/series.hpp"
#include "mabs/centroid.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace agent::journal {

struct BucketHead {
    std::uint64_t series_id = 0;
    std::int64_t start_ms = 0;
    std::uint32_t lines = 0;
    bool is_first = false; // nothing of this bucket was written since it began
};

struct GaugeDelta {
    double last = 0;
    std::int64_t last_ts_ms = 0;
    double min = 0;
    double max = 0;
    double sum = 0;
};

struct DigestDelta {
    mabs::TDigest::Facts facts;
    std::size_t kept = 0;    // centroids that stand before these, unchanged; 0: these are all
    std::size_t settled = 0; // of all, how many are settled (mabs::TDigest)
    std::span<const mabs::Centroid> centroids;
};

class DeltaTarget {
  public:
    virtual ~DeltaTarget() = default;

    // The series that an id stands for. `tail`: its tags, sorted, as name=value with blanks between.
    virtual void define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                        std::string_view tail) = 0;

    virtual void counter(const BucketHead& head, std::int64_t value) = 0;
    virtual void gauge(const BucketHead& head, const GaugeDelta& gauge) = 0;
    virtual void digest(const BucketHead& head, const DigestDelta& digest) = 0;
};

// As it is restored at start.
class Restoration : public DeltaTarget {
  public:
    // Of what comes next, each at least once before the first entry.
    virtual void begin_frame(std::uint64_t number) = 0;
    virtual void resolution(std::int64_t resolution_ms) = 0;

    // Everything has been restored, and the journal takes records.
    virtual void finish() = 0;
};

// As it is written.
class DeltaSink : public DeltaTarget {
  public:
    // The segment that is written now, from 1 on: definitions hold within one. It changes with begin_flush only.
    virtual std::uint32_t segment() const = 0;

    // Never given before, in this run or an earlier one of which something is left.
    virtual std::uint64_t new_series_id() = 0;

    // What was written after this frame was closed is in a later one.
    virtual std::uint64_t last_closed_frame() const = 0;

    // Written since the last frame was closed.
    virtual std::size_t open_bytes() const = 0;
};

} // namespace agent::journal
