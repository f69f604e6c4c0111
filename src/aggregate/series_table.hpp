// All live series, found by any spelling of their name. Main series are bounded by max_series; with them the twins
// (flagged parts, at most one each), the open buckets, the spellings, and all memory together. One thread.
#pragma once

#include "aggregate/series_entry.hpp"
#include "aggregate/series_pool.hpp"
#include "aggregate/spelling_table.hpp"
#include "core/limits.hpp"
#include "mabs/line_parser.hpp"
#include "mabs/tag_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace agent::aggregate {

struct TableLimits {
    std::size_t max_series = core::limits::default_max_series;
    std::size_t max_bytes = core::limits::max_table_bytes;
};

// Where the lines of one spelling go.
struct Target {
    Series* series = nullptr;
    Series* node_series = nullptr; // where the line is flagged by_node
};

class SeriesTable {
  public:
    SeriesTable(const SpellingHash::Key& key, const TableLimits& limits);
    ~SeriesTable();
    SeriesTable(const SeriesTable&) = delete;
    SeriesTable& operator=(const SeriesTable&) = delete;

    const SpellingTable& spellings() const { return spellings_; }

    // The target of a line of which no spelling is known: checks metric and tags, finds the series or makes it, and
    // remembers the spelling. An error leaves the table as it was; its offset counts from the line's text.
    mabs::LineError resolve(const mabs::Line& line, std::string_view text, core::SeriesType type, Target& out);

    // The series that the journal names: made where it is missing, whatever the limits, for what was accepted once is
    // kept. `tail` is canonical.
    Series& restore(core::SeriesType type, bool is_by_node, std::string_view metric, std::string_view tail);

    // The open bucket of the series for a timestamp; none where a limit is reached. The series' other buckets stay.
    Bucket* open_bucket(Series& series, std::int64_t ts_ms, std::int64_t resolution_ms);

    // The bucket to seal so that open_bucket() can give a new one, where it is the series' own limit that is reached.
    static Bucket* surplus_bucket(Series& series);

    // Empties a sealed bucket of its state and, if it is not the current one, takes it away.
    void close_bucket(Series& series, Bucket& bucket);

    // Looks at up to `count` series, from where the last call ended, and removes those that have no open bucket and
    // have not changed since `oldest_round`. With `forget_aliases` it also drops the aliases of those that stay: for
    // when the table is full of spellings that nobody uses any more. Returns true when it has come round.
    bool sweep(std::size_t count, std::uint32_t oldest_round, bool forget_aliases);

    bool aliases_are_full() const { return spellings_.size() >= max_spellings(); }

    // What digests take on the heap is known to the caller only.
    void add_digest_bytes(std::ptrdiff_t bytes) { digest_bytes_ += static_cast<std::size_t>(bytes); }

    std::size_t series_count() const { return main_count_; }
    std::size_t bucket_count() const { return older_buckets_; } // open ones beyond the first of each series
    std::size_t max_buckets() const { return limits_.max_series * core::limits::buckets_per_series; }
    const TableLimits& limits() const { return limits_; }
    std::size_t size_bytes() const;
    bool is_out_of_memory() const { return size_bytes() >= limits_.max_bytes; }

  private:
    std::size_t max_spellings() const { return limits_.max_series * (1 + core::limits::spellings_per_series); }
    Series* make_series(Spelling* identity, bool is_twin);
    void remove(Series& main);
    void erase_aliases(Spelling& canonical);
    void erase(Spelling* spelling);
    void remember(const mabs::Line& line, core::SeriesType type, const Target& target, Spelling& canonical);

    TableLimits limits_;
    SpellingTable spellings_;
    SeriesPool pool_;
    std::size_t main_count_ = 0;
    std::size_t older_buckets_ = 0;
    std::size_t digest_bytes_ = 0;
    SeriesPool::Cursor sweep_at_;
    std::string canonical_tail_; // scratch
    mabs::TagList tags_;         // scratch
};

} // namespace agent::aggregate
