// Takes lines, merges them into the open buckets of their series, and turns every changed bucket into a record at each
// flush. Driven by its caller: accept() for lines, begin_flush() on the flush interval, work() for slices of what a
// flush has to do until it answers `idle`. No Asio, no clock but the one it is given. One thread.
//
// Memory: the series table (core::limits, TableLimits). At its limits lines are rejected, nothing is thrown away.
#pragma once

#include "aggregate/change_log.hpp"
#include "aggregate/deny_list.hpp"
#include "aggregate/merge_rules.hpp"
#include "aggregate/restorer.hpp"
#include "aggregate/sample_sink.hpp"
#include "aggregate/sealer.hpp"
#include "aggregate/series_table.hpp"
#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "journal/record_store.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/tdigest.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agent::aggregate {

struct AggregatorOptions {
    std::int64_t resolution_ms = 60'000;
    std::int64_t flush_interval_ms = 10'000;
    std::string node; // the host's name
    TableLimits table;
    DenyList deny;
    SpellingHash::Key hash_key{}; // random in production
};

enum class Work : std::uint8_t {
    idle,    // nothing to do until the next flush
    more,    // call again soon, after other work had its turn
    blocked, // the journal is full: call again when it may have room
};

// The last line that was refused because the table of series is full, for people who look for the culprit.
struct SeriesRefusal {
    std::string metric;
    std::string peer;
};

class Aggregator final : public SampleSink {
  public:
    // `deltas`: where open buckets survive the process; none where they do not. All outlive the aggregator.
    Aggregator(const AggregatorOptions& options, const core::Clock& clock, journal::RecordStore& store,
               core::Ledger& ledger, journal::DeltaSink* deltas = nullptr);

    void accept(std::span<Entry> batch, std::string_view peer) override;

    // What has changed since the journal was last told, and telling it (ChangeLog).
    ChangeLog& changes() { return changes_; }

    // Takes what an earlier run left open, before the first line.
    Restorer restorer();

    // Marks everything that changed so far for sealing. While an earlier flush is still at work, that one goes on and
    // takes in what changed since.
    void begin_flush();

    // Whether a flush has something left to seal.
    bool is_flushing() const { return sealing_at_ != sealing_.size(); }

    // One slice: core::limits::flush_slice_records records (large ones count as several), and the rest of the last
    // one's series.
    Work work();

    const SeriesTable& table() const { return table_; }
    const SeriesRefusal& last_refusal() const { return last_refusal_; }

  private:
    struct Pending; // one entry on its way through the look-up

    void look_up(std::span<Entry> batch, std::span<Pending> pending);
    bool apply(Entry& entry, const Pending& pending); // false: entry.error says why not
    mabs::LineError accept_point(Entry& entry);
    mabs::LineError decode_digest(Entry& entry);
    bool find_target(Entry& entry, const Pending& pending, Target& out);
    template <typename Rule>
    core::RejectReason merge(const Target& target, std::int64_t ts_ms, const Rule& rule);
    template <typename Rule>
    Bucket* ready_bucket(Series& series, std::int64_t ts_ms, const Rule& rule, core::RejectReason& reason);
    Bucket* new_bucket(Series& series, std::int64_t ts_ms, core::RejectReason& reason);
    template <typename Rule>
    void change(Series& series, Bucket& bucket, const Rule& rule);
    void note_refusal(const Entry& entry, std::string_view peer);
    Work seal_slice();

    core::Ledger& ledger_;
    mabs::DigestMerger merger_;
    SeriesTable table_;
    ChangeLog changes_;
    DenyList deny_;
    Sealer sealer_;
    std::int64_t resolution_ms_;

    mabs::TDigest incoming_;              // of the histogram line at hand
    std::vector<std::byte> digest_bytes_; // scratch
    mabs::TagList tags_;                  // scratch

    std::vector<Series*> changed_; // since the last begin_flush()
    std::vector<Series*> sealing_; // what the flush at work has to seal, from sealing_at_ on
    std::size_t sealing_at_ = 0;
    bool is_sweeping_ = false;
    bool forget_aliases_ = false;
    std::uint32_t round_ = 0;
    std::uint32_t idle_rounds_;
    std::uint32_t sweep_every_;
    SeriesRefusal last_refusal_;
};

} // namespace agent::aggregate
