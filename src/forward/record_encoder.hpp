// The key and the JSON value of a record, as consumers of the topics read them. Pure functions that append to the
// caller's buffer, which they grow only when it is too small: no allocation in the steady state.
//
// Fields and their order:
//   counter    v type metric tags [node] ts interval lines value
//   gauge      v type metric tags [node] ts interval lines value last_ts min max sum count
//   histogram  v type metric tags [node] ts interval lines count min max sum digest
//   point      v type metric tags [node] ts interval lines value
// Numbers are the shortest decimals that parse back to the same value; integral doubles up to 2^53 are written as
// integers. What is not finite has no JSON number and becomes null: only the sum of a digest of huge values can be.
#pragma once

#include "core/series.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace agent::mabs {
class TDigest;
}

namespace agent::forward {

struct BucketInfo {
    std::int64_t start_ms = 0;    // points: their own timestamp
    std::int64_t interval_ms = 0; // the resolution; 0 for points
    std::uint64_t lines = 0;      // how many input lines this record stands for
};

struct CounterValue {
    std::int64_t value = 0;
};

struct GaugeValue {
    double last = 0;
    std::int64_t last_ts_ms = 0;
    double min = 0;
    double max = 0;
    double sum = 0;
    std::uint64_t count = 0;
};

struct PointValue {
    std::variant<std::int64_t, double> value;
};

// `m`, `m{a=1,b=2}`; with a node `m{node=h}`, `m{a=1,b=2,node=h}`. In tag values and the node `,` `}` `\` get a `\`.
void append_key(const core::SeriesView& series, std::string& out);

void append_value(const core::SeriesView& series, const BucketInfo& bucket, const CounterValue& value,
                  std::string& out);
void append_value(const core::SeriesView& series, const BucketInfo& bucket, const GaugeValue& value, std::string& out);
void append_value(const core::SeriesView& series, const BucketInfo& bucket, const PointValue& value, std::string& out);

// The digest has to be settled and not empty. Its field is Base64 (RFC 4648, padded) of the layout "Merging verbose" of
// the Java library 3.2 and 3.3.
void append_value(const core::SeriesView& series, const BucketInfo& bucket, const mabs::TDigest& digest,
                  std::string& out);

} // namespace agent::forward
