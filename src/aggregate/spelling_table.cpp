#include "aggregate/spelling_table.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace agent::aggregate {

namespace {

constexpr std::size_t first_slots = 16; // of a shard

} // namespace

SpellingTable::SpellingTable(const SpellingHash::Key& key) : hash_(key) {
    for (auto& shard : shards_) {
        resize(shard, first_slots);
    }
}

SpellingTable::~SpellingTable() {
    for (const auto& shard : shards_) {
        for (std::size_t i = 0; i <= shard.mask; ++i) {
            ::operator delete(shard.slots[i].spelling);
        }
    }
}

Spelling* SpellingTable::find(std::uint64_t hash, core::SeriesType type, std::string_view metric,
                              std::string_view tail) const {
    const auto& shard = shard_of(hash);
    for (auto i = hash & shard.mask; shard.slots[i].spelling != nullptr; i = (i + 1) & shard.mask) {
        const auto& slot = shard.slots[i];
        if (slot.hash == hash && slot.spelling->matches(type, metric, tail)) {
            return slot.spelling;
        }
    }
    return nullptr;
}

Spelling* SpellingTable::insert(std::uint64_t hash, SpellingKind kind, core::SeriesType type, std::string_view metric,
                                std::string_view tail) {
    auto& shard = shard_of(hash);
    const std::size_t slots = std::size_t{shard.mask} + 1;
    if ((std::size_t{shard.size} + 1) * 8 > slots * 5) {
        resize(shard, slots * 2);
    }
    void* const memory = ::operator new(sizeof(Spelling) + metric.size() + tail.size());
    auto* const spelling = ::new (memory) Spelling{.series = nullptr,
                                                   .next_alias = nullptr,
                                                   .tail_bytes = static_cast<std::uint32_t>(tail.size()),
                                                   .metric_bytes = static_cast<std::uint16_t>(metric.size()),
                                                   .type = type,
                                                   .kind = kind};
    auto* const text = reinterpret_cast<char*>(spelling + 1);
    std::memcpy(text, metric.data(), metric.size());
    if (!tail.empty()) {
        std::memcpy(text + metric.size(), tail.data(), tail.size());
    }
    put(shard, {hash, spelling});
    ++shard.size;
    ++size_;
    text_bytes_ += spelling->size_bytes();
    return spelling;
}

void SpellingTable::erase(std::uint64_t hash, Spelling* spelling) {
    auto& shard = shard_of(hash);
    auto* const slots = shard.slots.get();
    const std::uint64_t mask = shard.mask;
    auto hole = hash & mask;
    while (slots[hole].spelling != spelling) {
        hole = (hole + 1) & mask;
    }
    // Move back whatever the hole would cut off from the place where its probing begins.
    for (auto i = (hole + 1) & mask; slots[i].spelling != nullptr; i = (i + 1) & mask) {
        const auto home = slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole] = {};
    --shard.size;
    --size_;
    text_bytes_ -= spelling->size_bytes();
    ::operator delete(spelling);
    if (mask + 1 > first_slots && std::size_t{shard.size} * 8 <= mask + 1) {
        resize(shard, (mask + 1) / 2);
    }
}

void SpellingTable::resize(Shard& shard, std::size_t slots) {
    const auto old = std::exchange(shard.slots, std::make_unique<Slot[]>(slots));
    const std::size_t old_count = old ? std::size_t{shard.mask} + 1 : 0;
    shard.mask = static_cast<std::uint32_t>(slots - 1);
    slot_count_ += slots - old_count;
    for (std::size_t i = 0; i < old_count; ++i) {
        if (old[i].spelling != nullptr) {
            put(shard, old[i]);
        }
    }
}

void SpellingTable::put(Shard& shard, Slot slot) {
    auto i = slot.hash & shard.mask;
    while (shard.slots[i].spelling != nullptr) {
        i = (i + 1) & shard.mask;
    }
    shard.slots[i] = slot;
}

} // namespace agent::aggregate
