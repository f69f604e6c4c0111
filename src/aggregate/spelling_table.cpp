#include "aggregate/spelling_table.hpp"

#include <cstring>
#include <new>

namespace agent::aggregate {

namespace {

constexpr std::size_t first_slots = 1024;

} // namespace

SpellingTable::SpellingTable(const SpellingHash::Key& key) : hash_(key), slots_(first_slots), mask_(first_slots - 1) {}

SpellingTable::~SpellingTable() {
    for (const auto& slot : slots_) {
        ::operator delete(slot.spelling);
    }
}

Spelling* SpellingTable::find(std::uint64_t hash, core::SeriesType type, std::string_view metric,
                              std::string_view tail) const {
    for (auto i = hash & mask_; slots_[i].spelling != nullptr; i = (i + 1) & mask_) {
        if (slots_[i].hash == hash && slots_[i].spelling->matches(type, metric, tail)) {
            return slots_[i].spelling;
        }
    }
    return nullptr;
}

Spelling* SpellingTable::insert(std::uint64_t hash, core::SeriesType type, std::string_view metric,
                                std::string_view tail) {
    if ((size_ + 1) * 8 > slots_.size() * 5) {
        grow();
    }
    void* const memory = ::operator new(sizeof(Spelling) + metric.size() + tail.size());
    auto* const spelling = ::new (memory) Spelling{.hash = hash,
                                                   .series = nullptr,
                                                   .node_series = nullptr,
                                                   .next_alias = nullptr,
                                                   .tail_bytes = static_cast<std::uint32_t>(tail.size()),
                                                   .metric_bytes = static_cast<std::uint16_t>(metric.size()),
                                                   .type = type,
                                                   .is_canonical = false};
    auto* const text = reinterpret_cast<char*>(spelling + 1);
    std::memcpy(text, metric.data(), metric.size());
    if (!tail.empty()) {
        std::memcpy(text + metric.size(), tail.data(), tail.size());
    }
    put({hash, spelling});
    ++size_;
    text_bytes_ += spelling->size_bytes();
    return spelling;
}

void SpellingTable::erase(Spelling* spelling) {
    auto hole = spelling->hash & mask_;
    while (slots_[hole].spelling != spelling) {
        hole = (hole + 1) & mask_;
    }
    // Move back whatever the hole would cut off from the place where its probing begins.
    for (auto i = (hole + 1) & mask_; slots_[i].spelling != nullptr; i = (i + 1) & mask_) {
        const auto home = slots_[i].hash & mask_;
        if (((i - home) & mask_) >= ((i - hole) & mask_)) {
            slots_[hole] = slots_[i];
            hole = i;
        }
    }
    slots_[hole] = {};
    --size_;
    text_bytes_ -= spelling->size_bytes();
    ::operator delete(spelling);
}

void SpellingTable::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const auto& slot : old) {
        if (slot.spelling != nullptr) {
            put(slot);
        }
    }
}

void SpellingTable::put(Slot slot) {
    auto i = slot.hash & mask_;
    while (slots_[i].spelling != nullptr) {
        i = (i + 1) & mask_;
    }
    slots_[i] = slot;
}

} // namespace agent::aggregate
