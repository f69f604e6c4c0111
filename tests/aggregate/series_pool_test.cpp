#include "aggregate/series_pool.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

std::set<Series*> in_use(SeriesPool& pool) {
    std::set<Series*> found;
    for (SeriesPool::Cursor cursor; auto* const series = pool.next(cursor);) {
        if (series->in_use) {
            found.insert(series);
        }
    }
    return found;
}

TEST_CASE("a pool gives empty series and takes them back") {
    SeriesPool pool;
    CHECK(pool.size_bytes() == 0);
    auto* const first = pool.make();
    CHECK(first->in_use);
    CHECK(first->current.is_empty());
    CHECK(first->twin == nullptr);
    first->last_round = 7;
    first->current.lines = 3;
    auto* const second = pool.make();
    CHECK(second != first);
    pool.release(first);
    auto* const again = pool.make();
    CHECK(again->last_round == 0);
    CHECK(again->current.is_empty());
    CHECK(in_use(pool) == std::set<Series*>{second, again});
    pool.release(again);
    pool.release(second);
    CHECK(pool.size_bytes() == 0);
}

// Any order of making and releasing: nothing is given twice, a walk sees all, and memory follows what is in use.
TEST_CASE("a pool agrees with a set") {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        std::mt19937 random(seed);
        SeriesPool pool;
        std::vector<Series*> model;
        for (const std::size_t target : {2000, 100, 3000, 1, 700, 0}) {
            while (model.size() != target) {
                const bool grow = model.size() < target ? random() % 4 != 0 : random() % 4 == 0;
                if (grow || model.empty()) {
                    model.push_back(pool.make());
                } else {
                    std::swap(model[random() % model.size()], model.back());
                    pool.release(model.back());
                    model.pop_back();
                }
            }
            REQUIRE(in_use(pool) == std::set<Series*>(model.begin(), model.end()));
        }
        REQUIRE(pool.size_bytes() == 0);
    }
}

TEST_CASE("a burst gives its memory back, whatever came before it") {
    SeriesPool pool;
    std::vector<Series*> lasting;
    for (int i = 0; i < 100; ++i) {
        lasting.push_back(pool.make());
    }
    const auto before = pool.size_bytes();
    std::vector<Series*> burst;
    for (int i = 0; i < 100'000; ++i) {
        burst.push_back(pool.make());
    }
    CHECK(pool.size_bytes() > 100'000 * sizeof(Series));
    for (auto* const series : burst) {
        pool.release(series);
    }
    CHECK(pool.size_bytes() == before);
    CHECK(in_use(pool) == std::set<Series*>(lasting.begin(), lasting.end()));
}

} // namespace
} // namespace agent::aggregate
