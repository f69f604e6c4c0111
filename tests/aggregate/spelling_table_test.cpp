#include "aggregate/spelling_table.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::SeriesType;

constexpr SpellingHash::Key key{0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5};

// Reads behind the text would be seen by AddressSanitizer.
std::uint64_t hash_of(SeriesType type, const std::string& metric, const std::string& tail) {
    const auto copy = [](const std::string& text) {
        auto bytes = std::make_unique<char[]>(text.size());
        std::ranges::copy(text, bytes.get());
        return bytes;
    };
    const auto metric_bytes = copy(metric);
    const auto tail_bytes = copy(tail);
    return SpellingHash(key)(type, {metric_bytes.get(), metric.size()}, {tail_bytes.get(), tail.size()});
}

TEST_CASE("every byte, every length and every border counts in the hash") {
    std::set<std::uint64_t> seen;
    std::size_t count = 0;
    const auto add = [&](SeriesType type, const std::string& metric, const std::string& tail) {
        seen.insert(hash_of(type, metric, tail));
        ++count;
    };
    for (std::size_t size = 0; size <= 70; ++size) {
        const std::string text(size, 'x');
        add(SeriesType::counter, text, "t");
        add(SeriesType::gauge, text, "t");
        for (std::size_t at = 0; at < size; ++at) {
            auto changed = text;
            changed[at] = 'y';
            add(SeriesType::counter, changed, "t");
            add(SeriesType::counter, "m", changed);
        }
    }
    for (std::size_t cut = 0; cut <= 20; ++cut) { // the same bytes, cut elsewhere
        const std::string text = "abcdefghijklmnopqrst";
        add(SeriesType::counter, text.substr(0, cut), text.substr(cut));
    }
    CHECK(seen.size() == count);
}

TEST_CASE("another key gives other hashes") {
    auto other = key;
    for (auto& part : other) {
        part ^= 1;
        CHECK(SpellingHash(other)(SeriesType::counter, "metric", "a=1") !=
              SpellingHash(key)(SeriesType::counter, "metric", "a=1"));
        part ^= 1;
    }
}

TEST_CASE("type, metric and tail are compared, whatever the hash says") {
    SpellingTable table(key);
    auto* const spelling = table.insert(5, SpellingKind::alias, SeriesType::counter, "ab", "c=1");
    CHECK(spelling->metric() == "ab");
    CHECK(spelling->tail() == "c=1");
    CHECK(spelling->type == SeriesType::counter);
    CHECK(spelling->series == nullptr);
    CHECK(spelling->next_alias == nullptr);
    CHECK(spelling->kind == SpellingKind::alias);
    CHECK(table.find(5, SeriesType::counter, "ab", "c=1") == spelling);
    CHECK(table.find(6, SeriesType::counter, "ab", "c=1") == nullptr);
    CHECK(table.find(5, SeriesType::gauge, "ab", "c=1") == nullptr);
    CHECK(table.find(5, SeriesType::counter, "a", "bc=1") == nullptr);
    CHECK(table.find(5, SeriesType::counter, "ab", "c=2") == nullptr);
    CHECK(table.find(5, SeriesType::counter, "ab", "") == nullptr);
    CHECK(table.candidate(5) == spelling);
    CHECK(table.candidate(6) == nullptr);
    auto* const collides = table.insert(5, SpellingKind::alias, SeriesType::gauge, "ab", "");
    CHECK(table.find(5, SeriesType::counter, "ab", "c=1") == spelling);
    CHECK(table.find(5, SeriesType::gauge, "ab", "") == collides);
}

TEST_CASE("the size is that of what is in it") {
    SpellingTable table(key);
    const auto empty = table.size_bytes();
    CHECK(table.size() == 0);
    auto* const one = table.insert(1, SpellingKind::alias, SeriesType::counter, "metric", "a=1 b=2");
    auto* const two = table.insert(2, SpellingKind::alias, SeriesType::counter, "metric", "");
    CHECK(table.size() == 2);
    CHECK(table.size_bytes() == empty + 2 * sizeof(Spelling) + 13 + 6);
    table.erase(1, one);
    table.erase(2, two);
    CHECK(table.size() == 0);
    CHECK(table.size_bytes() == empty);
}

// Hashes that crowd into a few slots, some at the end of the table, so that probing wraps around.
TEST_CASE("insert, find and erase agree with a map") {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        std::mt19937 random(seed);
        SpellingTable table(key);
        std::map<std::string, std::pair<std::uint64_t, Spelling*>> model;
        std::vector<std::string> names;
        for (int i = 0; i < 3000; ++i) {
            names.push_back("name" + std::to_string(i));
        }
        const auto hash_for = [&](const std::string& name) -> std::uint64_t {
            const auto number = std::hash<std::string>()(name);
            switch (seed % 3) {
            case 0: return number;                           // as they should be
            case 1: return 1000 + number % 50;               // crowded
            default: return ~std::uint64_t{0} - number % 40; // at the end
            }
        };
        const std::size_t most = seed % 3 == 0 ? 2500 : 400;
        for (int round = 0; round < 30'000; ++round) {
            const auto& name = names[random() % names.size()];
            const auto hash = hash_for(name);
            auto* const found = table.find(hash, SeriesType::counter, name, "t=1");
            const auto known = model.find(name);
            REQUIRE(found == (known == model.end() ? nullptr : known->second.second));
            if (found != nullptr && (random() % 2 == 0 || model.size() > most)) {
                table.erase(hash, found);
                model.erase(known);
            } else if (found == nullptr && model.size() < most) {
                model[name] = {hash, table.insert(hash, SpellingKind::alias, SeriesType::counter, name, "t=1")};
            }
            REQUIRE(table.size() == model.size());
        }
        for (const auto& [name, entry] : model) {
            REQUIRE(table.find(entry.first, SeriesType::counter, name, "t=1") == entry.second);
            REQUIRE(entry.second->metric() == name); // growing moved nothing
        }
    }
}

TEST_CASE("what a burst of spellings took is given back") {
    SpellingTable table(key);
    const auto empty = table.size_bytes();
    std::vector<std::pair<std::uint64_t, Spelling*>> inserted;
    for (int i = 0; i < 20'000; ++i) {
        const auto name = "name" + std::to_string(i);
        const auto hash = table.hash()(SeriesType::gauge, name, "");
        inserted.emplace_back(hash, table.insert(hash, SpellingKind::canonical, SeriesType::gauge, name, ""));
    }
    CHECK(table.size_bytes() < empty + 20'000 * (sizeof(Spelling) + 9 + 16 * 16 / 5)); // a quarter full or more
    while (!inserted.empty()) {
        table.erase(inserted.back().first, inserted.back().second);
        inserted.pop_back();
        for (const auto& [hash, spelling] : std::span(inserted).first(std::min<std::size_t>(inserted.size(), 5))) {
            REQUIRE(table.find(hash, SeriesType::gauge, spelling->metric(), "") == spelling); // shrinking lost nothing
        }
    }
    CHECK(table.size_bytes() == empty);
}

} // namespace
} // namespace agent::aggregate
