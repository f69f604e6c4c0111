#include "mabs/centroid_spread.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using agent::mabs::Centroid;
using agent::mabs::CentroidRun;
using agent::mabs::CentroidSpreader;

namespace {

using Run = std::vector<Centroid>;

double weight_of(CentroidRun run) {
    double weight = 0;
    for (const Centroid& c : run)
        weight += c.weight;
    return weight;
}

double sum_of(CentroidRun run) {
    double sum = 0;
    for (const Centroid& c : run)
        sum += c.weight * c.mean;
    return sum;
}

// Of a digest that is a tenth of the whole.
Run spread(const Run& run, double fine_share = 0) {
    CentroidSpreader spreader;
    spreader.start(run.size(), 10 * weight_of(run), fine_share);
    const CentroidRun parts = spreader.arrived(run);
    return {parts.begin(), parts.end()};
}

} // namespace

TEST_CASE("centroid spread: a wide centroid becomes three, a light one two, a sample stays") {
    const Run parts = spread({{0, 1}, {10, 90}, {20, 90}, {30, 4}, {40, 1}});
    REQUIRE(parts.size() == 1 + 3 + 3 + 2 + 1);
    CHECK(parts[1].weight + parts[2].weight + parts[3].weight == 90);
    CHECK(parts[4].mean < 20);
    CHECK(parts[5].mean == doctest::Approx(20).epsilon(0.2));
    CHECK(parts[6].mean > 20);
    CHECK(parts[7].weight == 2);
    CHECK(parts[7].mean < 30);
    CHECK(parts[8].mean > 30);
}

TEST_CASE("centroid spread: evenly between even neighbours, denser towards the nearer one") {
    const Run even = spread({{0, 1}, {10, 90}, {20, 90}, {30, 90}, {40, 1}});
    CHECK(even[4].weight == even[6].weight);
    CHECK(even[5].mean == doctest::Approx(20));
    const Run uneven = spread({{0, 1}, {10, 90}, {20, 90}, {36, 90}, {60, 1}});
    CHECK(uneven[4].weight > uneven[6].weight);
    CHECK(20 - uneven[4].mean < uneven[6].mean - 20);
}

TEST_CASE("centroid spread: what stays as it is") {
    const std::vector<Run> cases{
        {},
        {{5, 100}},
        {{5, 100}, {6, 100}},
        {{1, 1}, {2, 1}, {3, 1}, {4, 1}},
        {{1, 100}, {1, 100}, {1, 100}, {1, 100}}, // nothing between
        {{1, 1}, {2, 100}, {2, 100}, {3, 1}},     // values that repeat are not smeared
        {{-1.7e308, 1}, {0, 100}, {1.7e308, 1}},  // gaps that add up to more than a double
    };
    for (const Run& run : cases)
        CHECK(spread(run) == run);
    const Run wide{{0, 1}, {10, 90}, {20, 90}, {30, 90}, {40, 1}};
    CHECK(spread(wide, 0.5) == wide); // no coarser than the result will be
}

TEST_CASE("centroid spread: order, weight, sum and the ends are kept") {
    std::mt19937 random(11);
    for (int round = 0; round < 2000; ++round) {
        Run run(3 + random() % 100);
        double mean = static_cast<double>(random()) - 2e9;
        for (Centroid& c : run) {
            c = {mean, std::floor(std::ldexp(1, static_cast<int>(random() % 20)))};
            if (random() % 4 != 0) mean += std::ldexp(1, static_cast<int>(random() % 60) - 30);
        }
        CentroidSpreader spreader;
        spreader.start(2 * run.size(), 10 * weight_of(run), 0);
        for (const CentroidRun parts : {spreader.arrived(run), spreader.settled(run)}) {
            REQUIRE(weight_of(parts) == weight_of(run));
            REQUIRE(sum_of(parts) == doctest::Approx(sum_of(run)).epsilon(1e-12));
            REQUIRE(parts.front() == run.front());
            REQUIRE(parts.back() == run.back());
            for (std::size_t i = 1; i < parts.size(); ++i) {
                REQUIRE(parts[i - 1].mean <= parts[i].mean);
                REQUIRE(parts[i].weight >= 1);
                REQUIRE(parts[i].weight == std::floor(parts[i].weight));
            }
        }
    }
}
