#include "mabs/centroid_runs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <ranges>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace agent::mabs;

bool by_mean(const Centroid& a, const Centroid& b) {
    return a.mean < b.mean;
}

// std::stable_sort, but not by name: clang's warning of a deprecated part of libstdc++ 12 in it is an error in CI.
void sort_stably(std::vector<Centroid>& centroids) {
    std::multimap<double, Centroid> sorted; // keeps the order of equal keys
    for (const Centroid& c : centroids) {
        sorted.emplace(c.mean, c);
    }
    std::ranges::copy(std::views::values(sorted), centroids.begin());
}

// Means repeat, and each centroid has a weight of its own by which it is known.
std::vector<Centroid> random_run(std::mt19937_64& random, std::size_t size, bool negative, double& next_weight) {
    std::vector<Centroid> run(size);
    for (Centroid& c : run) {
        const double mean = static_cast<double>(random() % 50);
        c = {negative ? mean - 25 : mean, next_weight++};
    }
    sort_stably(run);
    return run;
}

TEST_CASE("runs: two are merged as std::merge does, of all sizes") {
    std::mt19937_64 random(1);
    for (std::size_t a_size = 0; a_size < 40; ++a_size) {
        for (std::size_t b_size = 0; b_size < 40; ++b_size) {
            for (const bool negative : {false, true}) {
                double weight = 1;
                const auto a = random_run(random, a_size, negative, weight);
                const auto b = random_run(random, b_size, negative, weight);
                std::vector<Centroid> wanted;
                std::ranges::merge(a, b, std::back_inserter(wanted), by_mean);
                std::vector<Centroid> got(a_size + b_size);
                merge_runs(a, b, got.data());
                CHECK(got == wanted);
            }
        }
    }
}

TEST_CASE("runs: zeros of both signs are equal") {
    const std::vector<Centroid> a{{-1, 1}, {0.0, 2}, {-0.0, 3}, {1, 4}};
    const std::vector<Centroid> b{{-0.0, 5}, {0.0, 6}, {0.5, 7}};
    const std::vector<Centroid> c{{0.0, 8}, {-0.0, 9}, {2, 10}};
    for (const auto& [x, y] : {std::pair{a, b}, std::pair{b, a}, std::pair{b, c}, std::pair{c, b}, std::pair{c, a}}) {
        std::vector<Centroid> got(x.size() + y.size());
        merge_runs(x, y, got.data());
        CHECK(std::ranges::is_sorted(got, by_mean));
        double weight = 0;
        for (const Centroid& centroid : got)
            weight += centroid.weight;
        double wanted = 0;
        for (const Centroid& centroid : x)
            wanted += centroid.weight;
        for (const Centroid& centroid : y)
            wanted += centroid.weight;
        CHECK(weight == wanted);
    }
}

TEST_CASE("runs: any number of them, and unsorted stretches, come out as a stable sort") {
    std::mt19937_64 random(2);
    RunMerger merger;
    for (int round = 0; round < 300; ++round) {
        double weight = 1;
        std::vector<std::vector<Centroid>> runs(random() % 8);
        std::vector<Centroid> all;
        merger.clear();
        for (auto& run : runs) {
            run = random_run(random, random() % 60, random() % 2 == 0, weight);
            all.insert(all.end(), run.begin(), run.end());
            merger.add(run);
        }
        std::vector<Centroid> mixed = random_run(random, random() % 100, false, weight);
        std::ranges::shuffle(mixed, random);
        all.insert(all.end(), mixed.begin(), mixed.end());
        merger.add_mixed(mixed);
        const auto merged = merger.merged();
        sort_stably(all);
        CHECK(std::ranges::equal(merged, all));
    }
}

TEST_CASE("runs: sorting by mean") {
    std::mt19937_64 random(3);
    double weight = 1;
    auto centroids = random_run(random, 500, true, weight);
    const auto sorted = centroids;
    sort_by_mean(centroids);
    CHECK(centroids == sorted);
    std::ranges::shuffle(centroids, random);
    auto wanted = centroids;
    sort_stably(wanted);
    sort_by_mean(centroids);
    CHECK(centroids == wanted);
}

} // namespace
