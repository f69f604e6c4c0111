#include "aggregate/change_log.hpp"

#include "aggregate/spelling_table.hpp"
#include "mabs/tdigest.hpp"

namespace agent::aggregate {

namespace {

constexpr std::size_t prefetch_ahead = 16; // series: their two lines are on their way while others are written

} // namespace

bool ChangeLog::write(std::size_t max_bytes) {
    for (; written_ != changed_.size() && sink_->open_bytes() < max_bytes; ++written_) {
        if (const auto ahead = written_ + prefetch_ahead; ahead < changed_.size()) {
            __builtin_prefetch(changed_[ahead], 1);
            __builtin_prefetch(&changed_[ahead]->identity, 1);
        }
        write(*changed_[written_]);
    }
    if (written_ != changed_.size()) {
        return false;
    }
    changed_.clear();
    written_ = 0;
    return true;
}

void ChangeLog::write(Series& series) {
    series.current.in_delta_list = false;
    for (auto* bucket = &series.current; bucket != nullptr; bucket = bucket->older) {
        if (bucket->is_dirty) { // sealed meanwhile otherwise
            define(series);
            write(series, *bucket);
        }
    }
}

void ChangeLog::define(Series& series) {
    if (series.journal_id == 0) {
        series.journal_id = sink_->new_series_id();
    }
    if (series.journal_segment != sink_->segment()) {
        series.journal_segment = sink_->segment();
        const auto& identity = *series.identity;
        sink_->define(series.journal_id, identity.type, series.is_twin, identity.metric(), identity.tail());
    }
}

void ChangeLog::write(const Series& series, Bucket& bucket) {
    const journal::BucketHead head{series.journal_id, bucket.start_ms, bucket.lines, !bucket.is_journaled};
    switch (bucket.type) {
    case core::SeriesType::counter: sink_->counter(head, bucket.counter.value); break;
    case core::SeriesType::gauge: {
        const auto& gauge = bucket.gauge;
        sink_->gauge(head, {gauge.last, gauge.last_ts_ms, gauge.min, gauge.max, gauge.sum});
        break;
    }
    case core::SeriesType::histogram: {
        auto& [digest, journaled] = bucket.histogram;
        const std::size_t kept = bucket.is_journaled ? journaled : 0;
        sink_->digest(head, {digest->facts(), kept, digest->settled().size(), digest->centroids().subspan(kept)});
        journaled = static_cast<std::uint32_t>(digest->centroids().size());
        break;
    }
    case core::SeriesType::point: break; // never merged, so never in a bucket
    }
    bucket.is_dirty = false;
    bucket.is_journaled = true;
}

} // namespace agent::aggregate
