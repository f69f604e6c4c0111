// How a digest, or one raw sample, changes a histogram's bucket; see merge_rules.hpp.
#pragma once

#include "aggregate/series_entry.hpp"
#include "aggregate/series_table.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/tdigest.hpp"

namespace agent::aggregate {

// What is folded is not what the journal has any more; what is only put behind leaves it as it is.
inline void note_fold(Bucket& bucket) {
    if (bucket.histogram.digest->is_settled()) {
        bucket.histogram.journaled = 0;
    }
}

struct HistogramRule {
    static constexpr bool needs_heap = true;
    const mabs::TDigest& incoming;
    mabs::DigestMerger& merger;
    SeriesTable& table;

    bool fits(const Bucket& bucket) const { return mabs::fits(*bucket.histogram.digest, incoming); }

    void start(Bucket& bucket) const {
        bucket.histogram = {new mabs::TDigest(incoming.compression()), 0};
        table.add_digest_bytes(sizeof(mabs::TDigest));
        merge(bucket);
    }

    void merge(Bucket& bucket) const {
        auto& held = *bucket.histogram.digest;
        const auto before = held.heap_bytes();
        merger.merge(held, incoming);
        note_fold(bucket);
        table.add_digest_bytes(static_cast<std::ptrdiff_t>(held.heap_bytes()) - static_cast<std::ptrdiff_t>(before));
    }
};

struct SampleRule {
    static constexpr bool needs_heap = true;
    double value;
    mabs::DigestMerger& merger;
    SeriesTable& table;

    bool fits(const Bucket& bucket) const { return mabs::fits(*bucket.histogram.digest, value); }

    void start(Bucket& bucket) const {
        bucket.histogram = {new mabs::TDigest(), 0};
        table.add_digest_bytes(sizeof(mabs::TDigest));
        merge(bucket);
    }

    void merge(Bucket& bucket) const {
        auto& held = *bucket.histogram.digest;
        const auto before = held.heap_bytes();
        merger.add(held, value);
        note_fold(bucket);
        table.add_digest_bytes(static_cast<std::ptrdiff_t>(held.heap_bytes()) - static_cast<std::ptrdiff_t>(before));
    }
};

} // namespace agent::aggregate
