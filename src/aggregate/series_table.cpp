#include "aggregate/series_table.hpp"

#include "mabs/line_check.hpp"
#include "mabs/tdigest.hpp"

#include <utility>

namespace agent::aggregate {

namespace {

using core::RejectReason;

// As a tail: tags sorted, one blank between them. Values hold no blanks, so it can be taken apart again.
void write_canonical_tail(const mabs::TagList& tags, std::string& out) {
    out.clear();
    for (const auto& tag : tags.view()) {
        if (!out.empty()) {
            out.push_back(' ');
        }
        out.append(tag.name).append("=").append(tag.value);
    }
}

} // namespace

SeriesTable::SeriesTable(const SpellingHash::Key& key, const TableLimits& limits) : limits_(limits), spellings_(key) {}

SeriesTable::~SeriesTable() {
    for (SeriesPool::Cursor cursor; auto* const series = pool_.next(cursor);) {
        while (series->current.older != nullptr) {
            close_bucket(*series, *series->current.older);
        }
        close_bucket(*series, series->current);
    }
}

std::size_t SeriesTable::size_bytes() const {
    return spellings_.size_bytes() + pool_.size_bytes() + older_buckets_ * sizeof(Bucket) + digest_bytes_;
}

mabs::LineError SeriesTable::resolve(const mabs::Line& line, std::string_view text, core::SeriesType type,
                                     Target& out) {
    if (const auto error = mabs::check_names(line, text, tags_)) {
        return error;
    }
    write_canonical_tail(tags_, canonical_tail_);
    const auto hash = spellings_.hash()(type, line.metric, canonical_tail_);
    auto* canonical = spellings_.find(hash, type, line.metric, canonical_tail_);
    if (canonical == nullptr && main_count_ >= limits_.max_series) {
        return mabs::error_about(line.metric, RejectReason::too_many_series, text);
    }
    const bool needs_entry = canonical == nullptr || (tags_.by_node && canonical->series->twin == nullptr);
    if (needs_entry && is_out_of_memory()) {
        return mabs::error_about(line.metric, RejectReason::overloaded, text);
    }
    if (canonical == nullptr) {
        canonical = spellings_.insert(hash, SpellingKind::canonical, type, line.metric, canonical_tail_);
        canonical->series = make_series(canonical, false);
    }
    out = {canonical->series, nullptr};
    if (tags_.by_node) {
        if (out.series->twin == nullptr) {
            out.series->twin = make_series(canonical, true);
        }
        out.node_series = out.series->twin;
    }
    if (tags_.by_node || line.tail != canonical_tail_) {
        remember(line, type, out, *canonical);
    }
    return {};
}

Series& SeriesTable::restore(core::SeriesType type, bool is_by_node, std::string_view metric, std::string_view tail) {
    const auto hash = spellings_.hash()(type, metric, tail);
    auto* canonical = spellings_.find(hash, type, metric, tail);
    if (canonical == nullptr) {
        canonical = spellings_.insert(hash, SpellingKind::canonical, type, metric, tail);
        canonical->series = make_series(canonical, false);
    }
    auto& main = *canonical->series;
    if (!is_by_node) {
        return main;
    }
    if (main.twin == nullptr) {
        main.twin = make_series(canonical, true);
    }
    return *main.twin;
}

void SeriesTable::remember(const mabs::Line& line, core::SeriesType type, const Target& target, Spelling& canonical) {
    if (aliases_are_full() || is_out_of_memory()) {
        return; // the line was understood all the same; the next one like it takes the long way again
    }
    const auto hash = spellings_.hash()(type, line.metric, line.tail);
    if (spellings_.find(hash, type, line.metric, line.tail) != nullptr) {
        return;
    }
    const auto kind = target.node_series == nullptr ? SpellingKind::alias : SpellingKind::by_node_alias;
    auto* const alias = spellings_.insert(hash, kind, type, line.metric, line.tail);
    alias->series = target.series;
    alias->next_alias = std::exchange(canonical.next_alias, alias);
}

Bucket* SeriesTable::open_bucket(Series& series, std::int64_t ts_ms, std::int64_t resolution_ms) {
    auto& current = series.current;
    const auto start_ms = ts_ms - ts_ms % resolution_ms;
    // Those behind an empty current one come first: of one start there is one bucket, so that its records keep the
    // order in which its lines came.
    std::size_t open = 1;
    for (auto* bucket = current.older; bucket != nullptr; bucket = bucket->older, ++open) {
        if (bucket->start_ms == start_ms) {
            return bucket;
        }
    }
    if (current.is_empty() || current.start_ms == start_ms) {
        current.start_ms = start_ms;
        return &current;
    }
    if (open >= core::limits::max_open_buckets || older_buckets_ >= max_buckets() || is_out_of_memory()) {
        return nullptr;
    }
    ++older_buckets_;
    auto* const bucket = new Bucket;
    bucket->type = current.type;
    if (start_ms < current.start_ms) { // a late line: the newest bucket stays in front
        bucket->start_ms = start_ms;
        bucket->older = std::exchange(current.older, bucket);
        return bucket;
    }
    *bucket = current;
    current.start_ms = start_ms;
    current.lines = 0;
    current.is_dirty = false;
    current.is_journaled = false;
    current.older = bucket;
    return &current;
}

Bucket* SeriesTable::surplus_bucket(Series& series) {
    std::size_t open = 1;
    auto* last = &series.current;
    for (; last->older != nullptr; last = last->older) {
        ++open;
    }
    return open >= core::limits::max_open_buckets ? last : nullptr;
}

void SeriesTable::close_bucket(Series& series, Bucket& bucket) {
    if (bucket.type == core::SeriesType::histogram && !bucket.is_empty()) {
        digest_bytes_ -= sizeof(mabs::TDigest) + bucket.histogram.digest->heap_bytes();
        delete bucket.histogram.digest;
    }
    bucket.lines = 0;
    bucket.is_dirty = false;
    bucket.is_journaled = false;
    if (&bucket == &series.current) {
        bucket.start_ms = Bucket::no_start;
        return;
    }
    auto** link = &series.current.older;
    while (*link != &bucket) {
        link = &(*link)->older;
    }
    *link = bucket.older;
    delete &bucket;
    --older_buckets_;
}

Series* SeriesTable::make_series(Spelling* identity, bool is_twin) {
    auto* const series = pool_.make();
    series->identity = identity;
    series->current.type = identity->type;
    series->is_twin = is_twin;
    main_count_ += is_twin ? 0 : 1;
    return series;
}

bool SeriesTable::sweep(std::size_t count, std::uint32_t oldest_round, bool forget_aliases) {
    const auto is_idle = [&](const Series& series) {
        return series.current.is_empty() && series.current.older == nullptr && !series.current.in_change_list &&
               !series.current.in_delta_list && static_cast<std::int32_t>(series.last_round - oldest_round) < 0;
    };
    for (; count > 0; --count) {
        auto* const series = pool_.next(sweep_at_);
        if (series == nullptr) {
            sweep_at_ = {};
            return true;
        }
        if (!series->in_use || series->is_twin) {
            continue; // a twin goes with its main series: whatever changes it changes that one too
        }
        if (is_idle(*series) && (series->twin == nullptr || is_idle(*series->twin))) {
            remove(*series);
        } else if (forget_aliases) {
            erase_aliases(*series->identity);
        }
    }
    return false;
}

void SeriesTable::remove(Series& main) {
    erase_aliases(*main.identity);
    erase(main.identity);
    if (main.twin != nullptr) {
        pool_.release(main.twin);
    }
    pool_.release(&main);
    --main_count_;
}

void SeriesTable::erase_aliases(Spelling& canonical) {
    while (canonical.next_alias != nullptr) {
        auto* const alias = std::exchange(canonical.next_alias, canonical.next_alias->next_alias);
        erase(alias);
    }
}

void SeriesTable::erase(Spelling* spelling) {
    spellings_.erase(spellings_.hash()(spelling->type, spelling->metric(), spelling->tail()), spelling);
}

} // namespace agent::aggregate
