#include "aggregate/aggregator.hpp"

#include "aggregate/histogram_rule.hpp"
#include "mabs/line_check.hpp"

#include <algorithm>

namespace agent::aggregate {

namespace {

using core::RejectReason;

constexpr std::size_t sweep_slice_series = 4096;
constexpr std::int64_t sweep_interval_ms = 60'000;

core::SeriesType type_of(mabs::Verb verb) {
    switch (verb) {
    case mabs::Verb::counter: return core::SeriesType::counter;
    case mabs::Verb::gauge: return core::SeriesType::gauge;
    case mabs::Verb::put: return core::SeriesType::point;
    default: return core::SeriesType::histogram;
    }
}

std::uint32_t rounds(std::int64_t duration_ms, std::int64_t round_ms) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, (duration_ms + round_ms - 1) / round_ms));
}

// Off the way of a usual line, which must not pay for carrying an error about.
bool accepted(Entry& entry, const mabs::LineError& error) {
    if (error) {
        entry.error = error;
    }
    return !error;
}

} // namespace

struct Aggregator::Pending {
    std::uint64_t hash = 0;
    Spelling* spelling = nullptr; // one that has this hash, then: the one of this very text; none: not known
    bool is_looked_up = false;
};

Aggregator::Aggregator(const AggregatorOptions& options, const core::Clock& clock, journal::RecordStore& store,
                       core::Ledger& ledger, journal::DeltaSink* deltas)
    : ledger_(ledger),
      table_(options.hash_key, options.table),
      changes_(deltas),
      deny_(options.deny),
      sealer_(table_, store, deltas, clock, merger_, options.resolution_ms, options.node),
      resolution_ms_(options.resolution_ms),
      idle_rounds_(rounds(core::limits::series_idle_ms, options.flush_interval_ms)),
      sweep_every_(rounds(sweep_interval_ms, options.flush_interval_ms)) {}

void Aggregator::accept(std::span<Entry> batch, std::string_view peer) {
    while (batch.size() > max_batch) {
        accept(batch.first(max_batch), peer);
        batch = batch.subspan(max_batch);
    }
    std::array<Pending, max_batch> pending;
    look_up(batch, pending);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto& entry = batch[i];
        if (entry.error || !mabs::carries_data(entry.line.verb)) {
            continue;
        }
        if (entry.line.verb == mabs::Verb::put ? accepted(entry, accept_point(entry)) : apply(entry, pending[i])) {
            ++ledger_.accepted_lines;
        } else if (entry.error.reason == RejectReason::too_many_series) {
            note_refusal(entry, peer);
        }
    }
}

// Three passes, so that the memory which each line needs is on its way while the others are looked at.
void Aggregator::look_up(std::span<Entry> batch, std::span<Pending> pending) {
    const auto& spellings = table_.spellings();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& [text, line, error, detail] = batch[i];
        pending[i].is_looked_up = !error && mabs::carries_data(line.verb) && line.verb != mabs::Verb::put;
        if (pending[i].is_looked_up) {
            pending[i].hash = spellings.hash()(type_of(line.verb), line.metric, line.tail);
            spellings.prefetch(pending[i].hash);
        }
    }
    for (auto& it : pending.first(batch.size())) {
        if (it.is_looked_up) {
            it.spelling = spellings.candidate(it.hash);
        }
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto& it = pending[i];
        if (it.spelling == nullptr) {
            continue;
        }
        const auto& line = batch[i].line;
        if (!it.spelling->matches(type_of(line.verb), line.metric, line.tail)) {
            it.spelling = spellings.find(it.hash, type_of(line.verb), line.metric, line.tail);
        }
        if (it.spelling != nullptr) {
            __builtin_prefetch(&it.spelling->series->current, 1);
        }
    }
}

bool Aggregator::find_target(Entry& entry, const Pending& pending, Target& out) {
    const auto& line = entry.line;
    const auto type = type_of(line.verb);
    const auto* spelling = pending.spelling;
    if (spelling == nullptr) { // not known when the batch began; an earlier line of the batch may have brought it
        spelling = table_.spellings().find(pending.hash, type, line.metric, line.tail);
    }
    if (spelling != nullptr) {
        const bool is_by_node = spelling->kind == SpellingKind::by_node_alias;
        out = {spelling->series, is_by_node ? spelling->series->twin : nullptr};
        return true;
    }
    return accepted(entry, table_.resolve(line, entry.text, type, out));
}

bool Aggregator::apply(Entry& entry, const Pending& pending) {
    const auto& line = entry.line;
    if (pending.spelling == nullptr && !accepted(entry, deny_.check(entry))) {
        return false;
    }
    if (line.verb == mabs::Verb::histogram && !accepted(entry, decode_digest(entry))) {
        return false;
    }
    Target target;
    if (!find_target(entry, pending, target)) {
        return false;
    }
    auto reason = RejectReason::none;
    switch (line.verb) {
    case mabs::Verb::counter: reason = merge(target, line.timestamp_ms, CounterRule{line.integer}); break;
    case mabs::Verb::gauge: reason = merge(target, line.timestamp_ms, GaugeRule{line.number, line.timestamp_ms}); break;
    case mabs::Verb::histogram:
        reason = merge(target, line.timestamp_ms, HistogramRule{incoming_, merger_, table_});
        break;
    default: reason = merge(target, line.timestamp_ms, SampleRule{line.number, merger_, table_}); break;
    }
    if (reason != RejectReason::none) [[unlikely]] {
        entry.error = reason == RejectReason::too_many_series ? mabs::error_about(line.metric, reason, entry.text)
                                                              : mabs::LineError{reason, 0, 0};
    }
    return reason == RejectReason::none;
}

mabs::LineError Aggregator::accept_point(Entry& entry) {
    const auto& [text, line, error, detail] = entry;
    if (const auto denied = deny_.check(entry)) {
        return denied;
    }
    if (const auto wrong = mabs::check_names(line, text, tags_)) {
        return wrong;
    }
    if (sealer_.seal_point(line, tags_) == Seal::full) {
        return {RejectReason::overloaded, 0, 0};
    }
    ++ledger_.of(core::Topic::tsdb).accepted_lines;
    return {};
}

// The bucket to merge into, with room for what comes; none, and `reason`, where a limit is reached.
template <typename Rule>
Bucket* Aggregator::ready_bucket(Series& series, std::int64_t ts_ms, const Rule& rule, RejectReason& reason) {
    auto* bucket = &series.current;
    if (!bucket->holds(ts_ms, resolution_ms_)) [[unlikely]] {
        bucket = new_bucket(series, ts_ms, reason);
        if (bucket == nullptr) {
            return nullptr;
        }
    }
    if (Rule::needs_heap && table_.is_out_of_memory()) [[unlikely]] {
        if (bucket->is_empty()) {
            table_.close_bucket(series, *bucket);
        }
        reason = RejectReason::overloaded;
        return nullptr;
    }
    if (!bucket->is_empty() && (bucket->lines == max_bucket_lines || !rule.fits(*bucket))) [[unlikely]] {
        if (sealer_.seal(series, *bucket) == Seal::full) {
            reason = RejectReason::overloaded;
            return nullptr;
        }
        bucket = table_.open_bucket(series, ts_ms, resolution_ms_);
        if (bucket == nullptr) { // memory has run out meanwhile
            reason = RejectReason::overloaded;
        }
    }
    return bucket;
}

// Of a series that has its most open buckets one is sealed to make room.
Bucket* Aggregator::new_bucket(Series& series, std::int64_t ts_ms, RejectReason& reason) {
    auto* bucket = table_.open_bucket(series, ts_ms, resolution_ms_);
    if (bucket != nullptr) {
        return bucket;
    }
    auto* const surplus = SeriesTable::surplus_bucket(series);
    if (surplus != nullptr && sealer_.seal(series, *surplus) == Seal::sealed) {
        bucket = table_.open_bucket(series, ts_ms, resolution_ms_);
    }
    if (bucket == nullptr) {
        const bool is_full = surplus == nullptr && !table_.is_out_of_memory(); // the open buckets of all series
        reason = is_full ? RejectReason::too_many_series : RejectReason::overloaded;
    }
    return bucket;
}

template <typename Rule>
RejectReason Aggregator::merge(const Target& target, std::int64_t ts_ms, const Rule& rule) {
    auto reason = RejectReason::none;
    auto* const bucket = ready_bucket(*target.series, ts_ms, rule, reason);
    if (bucket == nullptr) [[unlikely]] {
        return reason;
    }
    if (target.node_series != nullptr) {
        auto* const node_bucket = ready_bucket(*target.node_series, ts_ms, rule, reason);
        if (node_bucket == nullptr) [[unlikely]] { // wholly or not at all
            if (bucket->is_empty()) {
                table_.close_bucket(*target.series, *bucket);
            }
            return reason;
        }
        change(*target.node_series, *node_bucket, rule);
        ++ledger_.of(core::Topic::by_node).accepted_lines;
    }
    change(*target.series, *bucket, rule);
    ++ledger_.of(core::Topic::mabs).accepted_lines;
    return RejectReason::none;
}

template <typename Rule>
void Aggregator::change(Series& series, Bucket& bucket, const Rule& rule) {
    if (bucket.is_empty()) {
        rule.start(bucket);
    } else {
        rule.merge(bucket);
    }
    ++bucket.lines;
    changes_.note(series, bucket);
    if (!series.current.in_change_list) {
        series.current.in_change_list = true;
        series.last_round = round_;
        changed_.push_back(&series);
    }
}

mabs::LineError Aggregator::decode_digest(Entry& entry) {
    const auto decoded = mabs::decode_value(entry.line, entry.text, digest_bytes_, incoming_, entry.detail);
    return decoded ? mabs::LineError{} : decoded.error();
}

void Aggregator::note_refusal(const Entry& entry, std::string_view peer) {
    last_refusal_.metric = entry.line.metric;
    last_refusal_.peer = peer;
}

Restorer Aggregator::restorer() {
    return {table_, sealer_, ledger_, changed_, resolution_ms_};
}

void Aggregator::begin_flush() {
    ++round_;
    if (sealing_at_ == sealing_.size()) {
        sealing_.clear();
        sealing_at_ = 0;
        sealing_.swap(changed_);
    } else {
        sealing_.insert(sealing_.end(), changed_.begin(), changed_.end());
        changed_.clear();
    }
    if (round_ % sweep_every_ == 0 && !is_sweeping_) {
        is_sweeping_ = true;
        forget_aliases_ = table_.aliases_are_full();
    }
}

Work Aggregator::work() {
    if (sealing_at_ != sealing_.size()) {
        return seal_slice();
    }
    if (is_sweeping_) {
        is_sweeping_ = !table_.sweep(sweep_slice_series, round_ - idle_rounds_, forget_aliases_);
    }
    return is_sweeping_ ? Work::more : Work::idle;
}

Work Aggregator::seal_slice() {
    for (std::size_t cost = 0; cost < core::limits::flush_slice_records && is_flushing(); ++sealing_at_) {
        auto& series = *sealing_[sealing_at_];
        if (sealer_.seal_all(series, cost) == Seal::full) {
            return Work::blocked;
        }
        series.current.in_change_list = false;
    }
    return sealing_at_ == sealing_.size() && !is_sweeping_ ? Work::idle : Work::more;
}

} // namespace agent::aggregate
