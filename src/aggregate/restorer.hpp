// Takes up the open buckets that an earlier run left in the journal: they are open again, as they were, and go with the
// next flush. What cannot go on (another resolution, a bucket of which the record was lost) is sealed at once as a
// record of its own. Counted as recovered lines. One thread; before the first line.
#pragma once

#include "aggregate/sealer.hpp"
#include "aggregate/series_table.hpp"
#include "core/ledger.hpp"
#include "journal/delta_target.hpp"
#include "mabs/tdigest.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace agent::aggregate {

class Restorer final : public journal::Restoration {
  public:
    // `changed`: the series that the next flush looks at. All outlive the restorer.
    Restorer(SeriesTable& table, Sealer& sealer, core::Ledger& ledger, std::vector<Series*>& changed,
             std::int64_t resolution_ms)
        : table_(table), sealer_(sealer), ledger_(ledger), changed_(changed), resolution_ms_(resolution_ms) {}

    void begin_frame(std::uint64_t number) override { frame_ = number; }
    void resolution(std::int64_t resolution_ms) override { frame_resolution_ms_ = resolution_ms; }
    void define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                std::string_view tail) override;
    void counter(const journal::BucketHead& head, std::int64_t value) override;
    void gauge(const journal::BucketHead& head, const journal::GaugeDelta& gauge) override;
    void digest(const journal::BucketHead& head, const journal::DigestDelta& digest) override;
    void finish() override;

  private:
    struct Found {
        Bucket bucket; // owns no digest
        Series* series = nullptr;
        std::unique_ptr<mabs::TDigest> digest;
        std::uint64_t last_frame = 0;
        std::int64_t resolution_ms = 0;
    };
    using Key = std::pair<std::uint64_t, std::int64_t>; // series id, bucket start
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            const auto mixed = key.first * 0x9E3779B97F4A7C15 ^ static_cast<std::uint64_t>(key.second);
            return (mixed ^ mixed >> 32) * 0xC2B2AE3D27D4EB4F;
        }
    };

    Found* find(const journal::BucketHead& head, core::SeriesType type);
    void place(const Key& key, Found& found);
    void seal(const Key& key, Found& found);

    SeriesTable& table_;
    Sealer& sealer_;
    core::Ledger& ledger_;
    std::vector<Series*>& changed_;
    std::int64_t resolution_ms_;
    std::uint64_t frame_ = 0;
    std::int64_t frame_resolution_ms_ = 0;
    std::unordered_map<std::uint64_t, Series*> series_;
    boost::unordered_flat_map<Key, Found, KeyHash> found_;
    std::vector<std::pair<Key, Found>> ended_; // began afresh later, but no record has what they were
};

} // namespace agent::aggregate
