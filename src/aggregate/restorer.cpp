#include "aggregate/restorer.hpp"

#include "aggregate/spelling_table.hpp"
#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <cmath>

namespace agent::aggregate {

void Restorer::define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                      std::string_view tail) {
    if (auto& series = series_[series_id]; series == nullptr) {
        series = &table_.restore(type, is_by_node, metric, tail);
    }
}

// Where the entry goes; none where nobody knows what it belongs to: its definition was damaged.
Restorer::Found* Restorer::find(const journal::BucketHead& head, core::SeriesType type) {
    const auto series = series_.find(head.series_id);
    if (series == series_.end() || series->second->identity->type != type) {
        return nullptr;
    }
    const Key key{head.series_id, head.start_ms};
    auto& found = found_[key];
    if (head.is_first && !found.bucket.is_empty()) {
        ended_.emplace_back(key, std::move(found));
        found = {};
    }
    found.bucket.type = type;
    found.bucket.start_ms = head.start_ms;
    found.bucket.lines = head.lines;
    found.last_frame = frame_;
    found.resolution_ms = frame_resolution_ms_;
    return &found;
}

void Restorer::counter(const journal::BucketHead& head, std::int64_t value) {
    if (auto* const found = find(head, core::SeriesType::counter)) {
        found->bucket.counter = {value};
    }
}

void Restorer::gauge(const journal::BucketHead& head, const journal::GaugeDelta& gauge) {
    if (auto* const found = find(head, core::SeriesType::gauge)) {
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
    if (delta.kept != 0 && delta.kept != digest->centroids().size()) {
        return; // what it stands on was damaged
    }
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
    while (!found_.empty()) { // its memory goes as the table's comes
        const auto first = found_.begin();
        place(first->first, first->second);
        found_.erase(first);
    }
    series_.clear();
}

void Restorer::place(const Key& key, Found& found) {
    auto& series = *series_.at(key.first);
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
    auto& series = *series_.at(key.first);
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
