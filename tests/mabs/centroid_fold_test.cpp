#include "mabs/centroid_fold.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace agent::mabs;

std::vector<Centroid> random_run(std::mt19937_64& random, std::size_t size, int weight_bits) {
    std::vector<Centroid> run(size);
    double mean = -500;
    for (Centroid& c : run) {
        mean += static_cast<double>(random() % 4); // equal means, too
        c = {mean, static_cast<double>(1 + random() % (std::uint64_t{1} << weight_bits))};
    }
    return run;
}

double weight_of(std::span<const Centroid> run) {
    double weight = 0;
    for (const Centroid& c : run)
        weight += c.weight;
    return weight;
}

double sum_of(std::span<const Centroid> run) {
    double sum = 0;
    for (const Centroid& c : run)
        sum += c.weight * c.mean;
    return sum;
}

// Every centroid that stands for several items of `run` is within the limits of both its ends.
void check_limits(std::span<const Centroid> run, std::span<const Centroid> folded, double d) {
    const double total = weight_of(run);
    const double norm = d / (4 * std::log(total / d) + 24);
    const auto limit = [&](double upto) { return upto * (total - upto) / total / norm; };
    double upto = 0;
    std::size_t item = 0;
    for (const Centroid& c : folded) {
        double weight = 0;
        std::size_t items = 0;
        double first = run[item].mean;
        double last = first;
        while (weight < c.weight) {
            REQUIRE(item < run.size());
            last = run[item].mean;
            weight += run[item++].weight;
            ++items;
        }
        CHECK(weight == c.weight); // it ends where an item ends
        CHECK(c.mean >= first);
        CHECK(c.mean <= last);
        if (items > 1) CHECK(weight <= std::min(limit(upto), limit(upto + weight)) * (1 + 1e-12));
        upto += weight;
    }
    CHECK(item == run.size());
}

TEST_CASE("fold: weight, ends, order and limits hold") {
    std::mt19937_64 random(1);
    CentroidFolder folder;
    for (int round = 0; round < 300; ++round) {
        const auto run = random_run(random, 1 + random() % 700, static_cast<int>(random() % 20));
        const double total = weight_of(run);
        const double d = 10 + static_cast<double>(random() % 400);
        CAPTURE(round);
        const auto folded = folder.fold(run, total, d);
        CHECK(weight_of(folded) == total);
        CHECK(folded.front() == run.front());
        CHECK(folded.back() == run.back());
        CHECK(std::ranges::is_sorted(folded, {}, &Centroid::mean));
        CHECK(std::abs(sum_of(folded) - sum_of(run)) <= 1e-9 * total * 3000);
        check_limits(run, folded, d);
    }
}

TEST_CASE("fold: neighbours that could be one do not stay two") {
    std::mt19937_64 random(2);
    const auto run = random_run(random, 5000, 1);
    CentroidFolder folder;
    const auto folded = folder.fold(run, weight_of(run), 200);
    CHECK(folded.size() < 160);
    CHECK(folded.size() > 80);
}

TEST_CASE("fold: too few samples for the compression stay as they are") {
    const std::vector<Centroid> run{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}};
    CentroidFolder folder;
    CHECK(std::ranges::equal(folder.fold(run, 5, 1e5), run));
    CHECK(folder.fold({}, 0, 100).empty());
}

TEST_CASE("fold: equal means stay exactly what they are") {
    const std::vector<Centroid> run(1000, Centroid{0.1, 3});
    CentroidFolder folder;
    for (const Centroid& c : folder.fold(run, 3000, 50))
        CHECK(c.mean == 0.1);
}

TEST_CASE("fold: sums beyond the largest double do no harm") {
    std::vector<Centroid> run;
    for (int i = 0; i < 500; ++i)
        run.push_back({(i - 250) * 7e305, std::ldexp(1, 40)});
    CentroidFolder folder;
    const auto folded = folder.fold(run, 500 * std::ldexp(1, 40), 100);
    CHECK(folded.size() < 120);
    CHECK(std::ranges::is_sorted(folded, {}, &Centroid::mean));
    check_limits(run, folded, 100);
}

} // namespace
