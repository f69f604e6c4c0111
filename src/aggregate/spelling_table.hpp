// Every way in which a series has been spelled on a line, so that a line is matched by hash and full byte equality
// instead of being checked and sorted again. An open-addressing table with linear probing; the steps of a look-up are
// separate so that a batch can prefetch between them. One thread.
#pragma once

#include "aggregate/hash.hpp"
#include "aggregate/series_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace agent::aggregate {

// Type, metric and tags as one client writes them; the text follows the struct in memory. The canonical spelling of a
// series (tags sorted, single blanks, no by_node) is its identity; all others are aliases of it.
struct Spelling {
    std::uint64_t hash;
    Series* series;
    Series* node_series;  // where the spelling has by_node=True: the flagged part; else none
    Spelling* next_alias; // of the canonical spelling: its first alias; of an alias: the next
    std::uint32_t tail_bytes;
    std::uint16_t metric_bytes;
    core::SeriesType type;
    bool is_canonical;

    std::string_view metric() const { return {text(), metric_bytes}; }
    std::string_view tail() const { return {text() + metric_bytes, tail_bytes}; }
    std::size_t size_bytes() const { return sizeof(Spelling) + metric_bytes + tail_bytes; }

    bool matches(core::SeriesType its_type, std::string_view its_metric, std::string_view its_tail) const {
        return type == its_type && metric() == its_metric && tail() == its_tail;
    }

  private:
    const char* text() const { return reinterpret_cast<const char*>(this + 1); }
};

class SpellingTable {
  public:
    explicit SpellingTable(const SpellingHash::Key& key);
    ~SpellingTable();
    SpellingTable(const SpellingTable&) = delete;
    SpellingTable& operator=(const SpellingTable&) = delete;

    const SpellingHash& hash() const { return hash_; }

    void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }

    // The first spelling of this hash, not yet compared; its memory is being prefetched. None: there is none.
    Spelling* candidate(std::uint64_t hash) const {
        for (auto i = hash & mask_; slots_[i].spelling != nullptr; i = (i + 1) & mask_) {
            if (slots_[i].hash == hash) {
                __builtin_prefetch(slots_[i].spelling);
                __builtin_prefetch(reinterpret_cast<const char*>(slots_[i].spelling) + 64);
                return slots_[i].spelling;
            }
        }
        return nullptr;
    }

    Spelling* find(std::uint64_t hash, core::SeriesType type, std::string_view metric, std::string_view tail) const;

    // Only for a spelling that find() does not find. The text is copied.
    Spelling* insert(std::uint64_t hash, core::SeriesType type, std::string_view metric, std::string_view tail);

    // Takes it out and frees it. Whoever points to it must have let go.
    void erase(Spelling* spelling);

    std::size_t size() const { return size_; }
    std::size_t size_bytes() const { return text_bytes_ + slots_.size() * sizeof(Slot); }

  private:
    struct Slot {
        std::uint64_t hash = 0;
        Spelling* spelling = nullptr;
    };

    void grow();
    void put(Slot slot);

    SpellingHash hash_;
    std::vector<Slot> slots_; // a power of two, at most 5/8 full
    std::uint64_t mask_;
    std::size_t size_ = 0;
    std::size_t text_bytes_ = 0;
};

} // namespace agent::aggregate
