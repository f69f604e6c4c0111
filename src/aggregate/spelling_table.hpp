// Every way in which a series has been spelled on a line, so that a line is matched by hash and full byte equality
// instead of being checked and sorted again. Open addressing with linear probing; the steps of a look-up are separate
// so that a batch can prefetch between them. One thread.
//
// The slots are kept in shards that grow and shrink one by one: the longest pause is that of moving one shard's slots,
// and no more than one shard is ever held twice.
#pragma once

#include "aggregate/hash.hpp"
#include "aggregate/series_entry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace agent::aggregate {

enum class SpellingKind : std::uint8_t {
    canonical, // tags sorted, single blanks, no by_node: the identity of a series
    alias,
    by_node_alias, // with by_node=True: what is spelled so goes to the series' twin, too
};

// Type, metric and tags as one client writes them; the text follows the struct in memory.
struct Spelling {
    Series* series;
    Spelling* next_alias; // of the canonical spelling: its first alias; of an alias: the next
    std::uint32_t tail_bytes;
    std::uint16_t metric_bytes;
    core::SeriesType type;
    SpellingKind kind;

    std::string_view metric() const { return {text(), metric_bytes}; }
    std::string_view tail() const { return {text() + metric_bytes, tail_bytes}; }
    std::size_t size_bytes() const { return sizeof(Spelling) + metric_bytes + tail_bytes; }

    bool matches(core::SeriesType its_type, std::string_view its_metric, std::string_view its_tail) const {
        return type == its_type && metric() == its_metric && tail() == its_tail;
    }

    // Brings in all of a usual spelling (three cache lines).
    void prefetch() const {
        const auto* const begin = reinterpret_cast<const char*>(this);
        __builtin_prefetch(begin);
        __builtin_prefetch(begin + 64);
        __builtin_prefetch(begin + 128);
    }

  private:
    const char* text() const { return reinterpret_cast<const char*>(this + 1); }
};

static_assert(sizeof(Spelling) == 24, "there are two for most series");

class SpellingTable {
  public:
    explicit SpellingTable(const SpellingHash::Key& key);
    ~SpellingTable();
    SpellingTable(const SpellingTable&) = delete;
    SpellingTable& operator=(const SpellingTable&) = delete;

    const SpellingHash& hash() const { return hash_; }

    void prefetch(std::uint64_t hash) const {
        const auto& shard = shard_of(hash);
        __builtin_prefetch(&shard.slots[hash & shard.mask]);
    }

    // The first spelling of this hash, not yet compared; its memory is being prefetched. None: there is none.
    Spelling* candidate(std::uint64_t hash) const {
        const auto& shard = shard_of(hash);
        for (auto i = hash & shard.mask; shard.slots[i].spelling != nullptr; i = (i + 1) & shard.mask) {
            if (shard.slots[i].hash == hash) {
                shard.slots[i].spelling->prefetch();
                return shard.slots[i].spelling;
            }
        }
        return nullptr;
    }

    Spelling* find(std::uint64_t hash, core::SeriesType type, std::string_view metric, std::string_view tail) const;

    // Only for a spelling that find() does not find. The text is copied.
    Spelling* insert(std::uint64_t hash, SpellingKind kind, core::SeriesType type, std::string_view metric,
                     std::string_view tail);

    // Takes out what was inserted under this hash and frees it. Whoever points to it must have let go.
    void erase(std::uint64_t hash, Spelling* spelling);

    std::size_t size() const { return size_; }
    std::size_t size_bytes() const { return text_bytes_ + slot_count_ * sizeof(Slot); }

  private:
    static constexpr unsigned shard_bits = 6; // three million spellings: a shard's slots take 1.5 MB, moved within 1 ms

    struct Slot {
        std::uint64_t hash = 0;
        Spelling* spelling = nullptr;
    };

    struct Shard {
        std::unique_ptr<Slot[]> slots; // a power of two, at most 5/8 full
        std::uint32_t mask = 0;
        std::uint32_t size = 0;
    };

    const Shard& shard_of(std::uint64_t hash) const { return shards_[hash >> (64 - shard_bits)]; }
    Shard& shard_of(std::uint64_t hash) { return shards_[hash >> (64 - shard_bits)]; }
    void resize(Shard& shard, std::size_t slots);
    static void put(Shard& shard, Slot slot);

    SpellingHash hash_;
    std::array<Shard, std::size_t{1} << shard_bits> shards_;
    std::size_t slot_count_ = 0;
    std::size_t size_ = 0;
    std::size_t text_bytes_ = 0;
};

} // namespace agent::aggregate
