#include "aggregate/sealer.hpp"

#include "forward/record_encoder.hpp"
#include "mabs/tdigest.hpp"

#include <utility>

namespace agent::aggregate {

namespace {

core::Topic topic_of(const Series& series) {
    return series.is_twin ? core::Topic::by_node : core::Topic::mabs;
}

} // namespace

Sealer::Sealer(SeriesTable& table, journal::RecordStore& store, const journal::DeltaSink* deltas,
               const core::Clock& clock, mabs::DigestMerger& merger, std::int64_t resolution_ms, std::string node)
    : table_(table),
      store_(store),
      deltas_(deltas),
      clock_(clock),
      merger_(merger),
      resolution_ms_(resolution_ms),
      node_(std::move(node)) {}

Seal Sealer::seal(Series& series, Bucket& bucket) {
    if (!bucket.is_empty()) {
        const auto origin = bucket.is_journaled
                                ? journal::Origin{series.journal_id, bucket.start_ms, deltas_->last_closed_frame()}
                                : journal::Origin{};
        encode(view_of(series), bucket, resolution_ms_);
        if (append(topic_of(series), bucket.lines, origin) == Seal::full) {
            return Seal::full;
        }
    }
    table_.close_bucket(series, bucket);
    return Seal::sealed;
}

Seal Sealer::seal_all(Series& series, std::size_t& cost) {
    const auto seal_one = [&](Bucket& bucket) {
        value_.clear(); // stays so where the bucket is empty
        const auto answer = seal(series, bucket);
        cost += 1 + value_.size() / core::limits::flush_record_bytes;
        return answer;
    };
    auto answer = seal_one(series.current);
    while (answer == Seal::sealed && series.current.older != nullptr) {
        answer = seal_one(*series.current.older);
    }
    return answer;
}

Seal Sealer::seal_apart(const Series& series, Bucket& bucket, std::int64_t resolution_ms,
                        const journal::Origin& origin) {
    encode(view_of(series), bucket, resolution_ms);
    return append(topic_of(series), bucket.lines, origin);
}

Seal Sealer::seal_point(const mabs::Line& line, const mabs::TagList& tags) {
    const core::SeriesView view{core::SeriesType::point, line.metric, tags.view(), {}};
    const forward::PointValue value{line.is_integer ? decltype(forward::PointValue::value)(line.integer)
                                                    : decltype(forward::PointValue::value)(line.number)};
    key_.clear();
    value_.clear();
    forward::append_key(view, key_);
    forward::append_value(view, {line.timestamp_ms, 0, 1}, value, value_);
    return append(core::Topic::tsdb, 1, {});
}

core::SeriesView Sealer::view_of(const Series& series) {
    auto tail = series.identity->tail();
    std::size_t count = 0;
    while (!tail.empty()) { // a canonical tail: name=value, single blanks, values without blanks
        const auto field = tail.substr(0, tail.find(' '));
        const auto equals = field.find('=');
        tags_[count++] = {field.substr(0, equals), field.substr(equals + 1)};
        tail.remove_prefix(field.size() == tail.size() ? field.size() : field.size() + 1);
    }
    return {series.identity->type, series.identity->metric(), std::span(tags_).first(count),
            series.is_twin ? std::string_view(node_) : std::string_view()};
}

void Sealer::encode(const core::SeriesView& view, Bucket& bucket, std::int64_t resolution_ms) {
    key_.clear();
    value_.clear();
    forward::append_key(view, key_);
    const forward::BucketInfo info{bucket.start_ms, resolution_ms, bucket.lines};
    switch (bucket.type) {
    case core::SeriesType::counter:
        forward::append_value(view, info, forward::CounterValue{bucket.counter.value}, value_);
        break;
    case core::SeriesType::gauge: {
        const auto& gauge = bucket.gauge;
        forward::append_value(
            view, info,
            forward::GaugeValue{gauge.last, gauge.last_ts_ms, gauge.min, gauge.max, gauge.sum, bucket.lines}, value_);
        break;
    }
    case core::SeriesType::histogram: {
        auto& digest = *bucket.histogram.digest;
        const auto before = digest.heap_bytes();
        merger_.settle(digest);
        bucket.histogram.journaled = 0; // should it not be taken
        table_.add_digest_bytes(static_cast<std::ptrdiff_t>(digest.heap_bytes()) - static_cast<std::ptrdiff_t>(before));
        forward::append_value(view, info, digest, value_);
        break;
    }
    case core::SeriesType::point: break; // never merged, so never in a bucket
    }
}

Seal Sealer::append(core::Topic topic, std::uint64_t lines, const journal::Origin& origin) {
    const auto answer = store_.append(topic, key_, value_, lines, clock_.unix_ms(), origin);
    return answer == journal::Append::accepted ? Seal::sealed : Seal::full;
}

} // namespace agent::aggregate
