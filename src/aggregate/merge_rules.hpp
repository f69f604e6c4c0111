// How one line changes one bucket. Each rule says first whether the merge would be exact: what would overflow int64,
// pass 2^53 of digest weight or become non-finite must be sealed first and start afresh, so that no value is ever
// wrong. Pure; one thread.
#pragma once

#include "aggregate/series_entry.hpp"

#include <cmath>
#include <limits>

namespace agent::aggregate {

inline constexpr std::uint32_t max_bucket_lines = std::numeric_limits<std::uint32_t>::max();

struct CounterRule {
    static constexpr bool needs_heap = false;
    std::int64_t delta;

    bool fits(const Bucket& bucket) const {
        std::int64_t sum = 0;
        return !__builtin_add_overflow(bucket.counter.value, delta, &sum);
    }

    void start(Bucket& bucket) const { bucket.counter = {delta}; }
    void merge(Bucket& bucket) const { bucket.counter.value += delta; }
};

struct GaugeRule {
    static constexpr bool needs_heap = false;
    double value;
    std::int64_t timestamp_ms;

    bool fits(const Bucket& bucket) const { return std::isfinite(bucket.gauge.sum + value); }

    void start(Bucket& bucket) const { bucket.gauge = {value, timestamp_ms, value, value, value}; }

    void merge(Bucket& bucket) const {
        auto& gauge = bucket.gauge;
        if (timestamp_ms >= gauge.last_ts_ms) {
            gauge.last = value;
            gauge.last_ts_ms = timestamp_ms;
        }
        gauge.min = value < gauge.min ? value : gauge.min;
        gauge.max = value > gauge.max ? value : gauge.max;
        gauge.sum += value;
    }
};

} // namespace agent::aggregate
