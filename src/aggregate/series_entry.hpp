// What the table keeps of one series. The first cache line is all that a line of a known series in the current bucket
// touches.
#pragma once

#include "core/series.hpp"

#include <cstdint>
#include <limits>

namespace agent::mabs {
class TDigest;
}

namespace agent::aggregate {

struct Spelling;

struct CounterState {
    std::int64_t value;
};

struct GaugeState {
    double last; // of the highest timestamp; of equal ones the last to arrive
    std::int64_t last_ts_ms;
    double min;
    double max;
    double sum;
};

struct HistogramState {
    mabs::TDigest* digest;   // owned by the bucket; none while the bucket is empty
    std::uint32_t journaled; // centroids at its front that the journal has as they are; 0: it wants the whole digest
};

// What came for one series in one interval of event time since it was last sealed.
struct Bucket {
    static constexpr std::int64_t no_start = std::numeric_limits<std::int64_t>::min() / 2;

    std::int64_t start_ms = no_start; // no_start while the bucket is empty
    union {
        CounterState counter;
        GaugeState gauge;
        HistogramState histogram;
    };
    Bucket* older = nullptr;                           // further open buckets of the series
    std::uint32_t lines = 0;                           // merged so far; a gauge's count too
    core::SeriesType type = core::SeriesType::counter; // which state holds
    bool in_change_list = false;                       // since the last flush (of the series' current bucket)
    bool in_delta_list = false;                        // since the last journal tick (of the series' current bucket)
    bool is_dirty : 1 = false;                         // changed since the last journal tick
    bool is_journaled : 1 = false;                     // the journal has something of it since it began

    Bucket() : gauge{} {}

    bool is_empty() const { return lines == 0; }

    // Whether `ts_ms` is in this bucket. One comparison: before the start the difference wraps.
    bool holds(std::int64_t ts_ms, std::int64_t resolution_ms) const {
        return static_cast<std::uint64_t>(ts_ms - start_ms) < static_cast<std::uint64_t>(resolution_ms);
    }
};

static_assert(sizeof(Bucket) == 64, "one cache line");

// A series of the service-level stream, or (is_twin) the flagged part of one for the by-node stream.
struct alignas(64) Series {
    Bucket current; // the bucket of the latest line, or an empty one

    Spelling* identity = nullptr;      // the canonical spelling: names the series; a twin has its main series' one
    Series* twin = nullptr;            // of a main series: its flagged part, if there ever was one
    std::uint64_t journal_id = 0;      // in the journal's deltas; 0 before the first one
    std::uint32_t journal_segment = 0; // of the journal, in which the id was defined last
    std::uint32_t last_round = 0;      // the flush round of its last change
    bool is_twin = false;
    bool in_use = false; // false: in the free list, linked by `twin`
};

static_assert(sizeof(Series) == 128, "two cache lines");

} // namespace agent::aggregate
