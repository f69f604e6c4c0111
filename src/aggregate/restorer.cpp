#include "aggregate/restorer.hpp"

#include "aggregate/spelling_table.hpp"
#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace agent::aggregate {

void Restorer::define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                      std::string_view tail) {
    if (auto& series = series_[series_id]; series == nullptr) {
        series = &table_.restore(type, is_by_node, metric, tail);
    }
}

// Where the entry goes; none where nobody knows what it belongs to: its definition was damaged.
Restorer::Found* Restorer::find(const journal::BucketHead& head, core::SeriesType type) {
    const Key key{head.series_id, head.start_ms};
    auto place = found_.find(key);
    if (place == found_.end()) {
        const auto series = series_.find(head.series_id);
        if (series == series_.end() || series->second->identity->type != type) {
            return nullptr;
        }
        place = found_.try_emplace(key).first;
        place->second.series = series->second;
        place->second.bucket.type = type;
    }
    auto& found = place->second;
    if (found.bucket.type != type) { // asking the series would cost two cache misses for each entry
        return nullptr;
    }
    // Fewer lines: its first entry was lost.
    if (!found.bucket.is_empty() && (head.is_first || head.lines < found.bucket.lines)) {
        auto* const series = found.series;
        ended_.emplace_back(key, std::move(found));
        found = {};
        found.series = series;
    }
    found.bucket.type = type;
    found.bucket.start_ms = head.start_ms;
    found.last_frame = frame_;
    found.resolution_ms = frame_resolution_ms_ != 0 ? frame_resolution_ms_ : resolution_ms_; // 0: it was damaged
    return &found;
}

void Restorer::counter(const journal::BucketHead& head, std::int64_t value) {
    if (auto* const found = find(head, core::SeriesType::counter)) {
        found->bucket.lines = head.lines;
        found->bucket.counter = {value};
    }
}

void Restorer::gauge(const journal::BucketHead& head, const journal::GaugeDelta& gauge) {
    if (auto* const found = find(head, core::SeriesType::gauge)) {
        found->bucket.lines = head.lines;
        found->bucket.gauge = {gauge.last, gauge.last_ts_ms, gauge.min, gauge.max, gauge.sum};
    }
}

void Restorer::digest(const journal::BucketHead& head, const journal::DigestDelta& delta) {
    const bool is_sane = delta.facts.weight > 0 && delta.facts.weight <= mabs::max_digest_weight &&
                         delta.facts.compression > 0 && std::isfinite(delta.facts.compression);
    auto* const found = is_sane ? find(head, core::SeriesType::histogram) : nullptr;
    if (found == nullptr) {
        return;
    }
    auto& digest = found->digest;
    if (digest == nullptr) {
        digest = std::make_unique<mabs::TDigest>();
    }
    const auto weight = std::accumulate(delta.centroids.begin(), delta.centroids.end(), 0.0,
                                        [](double sum, const mabs::Centroid& it) { return sum + it.weight; });
    if (delta.kept != (delta.kept == 0 ? 0 : digest->centroids().size()) ||
        delta.facts.weight != weight + (delta.kept == 0 ? 0 : digest->weight())) {
        return; // what it stands on was damaged; weights add up exactly
    }
    found->bucket.lines = head.lines;
    const auto settled = delta.kept == 0 ? delta.settled : 0;
    if (delta.kept == 0) {
        std::ranges::copy(delta.centroids.first(settled), digest->overwrite(settled).begin());
    }
    const auto pending = delta.centroids.subspan(settled);
    std::ranges::copy(pending, digest->append(pending.size(), 0).begin());
    digest->set_facts(delta.facts);
}

void Restorer::finish() {
    for (auto& [key, found] : ended_) {
        seal(key, found);
    }
    ended_.clear();
    for (auto& [key, found] : found_) {
        place(key, found);
    }
    found_ = {};
    series_ = {};
}

void Restorer::place(const Key& key, Found& found) {
    auto& series = *found.series;
    const bool is_digest = found.bucket.type == core::SeriesType::histogram;
    if (is_digest && (found.digest == nullptr || found.digest->empty())) {
        return;
    }
    const bool goes_on =
        found.resolution_ms == resolution_ms_ && (series.journal_id == 0 || series.journal_id == key.first);
    auto* const bucket = goes_on ? table_.open_bucket(series, key.second, resolution_ms_) : nullptr;
    if (bucket == nullptr || !bucket->is_empty() || bucket->start_ms != key.second) {
        seal(key, found);
        return;
    }
    series.journal_id = key.first;
    bucket->lines = found.bucket.lines;
    bucket->is_journaled = true;
    switch (found.bucket.type) {
    case core::SeriesType::counter: bucket->counter = found.bucket.counter; break;
    case core::SeriesType::gauge: bucket->gauge = found.bucket.gauge; break;
    default:
        table_.add_digest_bytes(static_cast<std::ptrdiff_t>(sizeof(mabs::TDigest) + found.digest->heap_bytes()));
        bucket->histogram = {found.digest.release(), 0};
        break;
    }
    if (!series.current.in_change_list) {
        series.current.in_change_list = true;
        changed_.push_back(&series);
    }
    ledger_.of(series.is_twin ? core::Topic::by_node : core::Topic::mabs).recovered_lines += bucket->lines;
}

void Restorer::seal(const Key& key, Found& found) {
    auto& series = *found.series;
    auto& bucket = found.bucket;
    if (bucket.type == core::SeriesType::histogram) {
        if (found.digest == nullptr || found.digest->empty()) {
            return;
        }
        bucket.histogram = {found.digest.get(), 0};
    }
    auto& row = ledger_.of(series.is_twin ? core::Topic::by_node : core::Topic::mabs);
    row.recovered_lines += bucket.lines;
    if (sealer_.seal_apart(series, bucket, found.resolution_ms, {key.first, key.second, found.last_frame}) ==
        Seal::full) {
        row.dropped_lines[static_cast<std::size_t>(core::DropReason::budget)] += bucket.lines;
    }
}

} // namespace agent::aggregate
