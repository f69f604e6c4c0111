// How a digest, or one raw sample, changes a histogram's bucket; see merge_rules.hpp.
#pragma once

#include "aggregate/series_entry.hpp"
#include "aggregate/series_table.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/tdigest.hpp"

#include <cmath>

namespace agent::aggregate {

// The weight up to which every whole number is a double.
inline constexpr double max_digest_weight = 9007199254740992.0; // 2^53

inline bool digests_fit(const mabs::TDigest& held, double weight, double sum) {
    // Not by the sum of the weights: 2^53 + 1 rounds down to 2^53.
    return held.weight() <= max_digest_weight - weight && std::isfinite(held.sum() + sum);
}

struct HistogramRule {
    static constexpr bool needs_heap = true;
    const mabs::TDigest& incoming;
    mabs::DigestMerger& merger;
    SeriesTable& table;

    bool fits(const Bucket& bucket) const {
        return digests_fit(*bucket.histogram.digest, incoming.weight(), incoming.sum());
    }

    void start(Bucket& bucket) const {
        bucket.histogram.digest = new mabs::TDigest(incoming.compression());
        table.add_digest_bytes(sizeof(mabs::TDigest));
        merge(bucket);
    }

    void merge(Bucket& bucket) const {
        auto& held = *bucket.histogram.digest;
        const auto before = held.heap_bytes();
        merger.merge(held, incoming);
        table.add_digest_bytes(static_cast<std::ptrdiff_t>(held.heap_bytes()) - static_cast<std::ptrdiff_t>(before));
    }
};

struct SampleRule {
    static constexpr bool needs_heap = true;
    double value;
    mabs::DigestMerger& merger;
    SeriesTable& table;

    bool fits(const Bucket& bucket) const { return digests_fit(*bucket.histogram.digest, 1, value); }

    void start(Bucket& bucket) const {
        bucket.histogram.digest = new mabs::TDigest();
        table.add_digest_bytes(sizeof(mabs::TDigest));
        merge(bucket);
    }

    void merge(Bucket& bucket) const {
        auto& held = *bucket.histogram.digest;
        const auto before = held.heap_bytes();
        merger.add(held, value);
        table.add_digest_bytes(static_cast<std::ptrdiff_t>(held.heap_bytes()) - static_cast<std::ptrdiff_t>(before));
    }
};

} // namespace agent::aggregate
