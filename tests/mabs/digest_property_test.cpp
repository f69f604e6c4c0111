// Random samples, merges and readings, beside the samples themselves in a plain vector.
#include "digest_data.hpp"
#include "mabs/digest_quantile.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;

using Random = std::mt19937_64;

// Made by hand: the distributions of the standard library differ from one library to the next.
double uniform(Random& random) {
    return static_cast<double>(random() >> 11) * 0x1p-53;
}

struct Source {
    const char* name;
    std::function<double(Random&)> next;
    bool is_smooth; // so that ranks can be told from values
};

const std::vector<Source>& sources() {
    static const std::vector<Source> table{
        {"uniform", uniform, true},
        {"exponential", [](Random& r) { return -std::log1p(-uniform(r)) * 100; }, true},
        {"pareto", [](Random& r) { return std::pow(1 - uniform(r), -1 / 1.5); }, true},
        {"both signs", [](Random& r) { return std::tan(3 * (uniform(r) - 0.5)); }, true},
        {"huge", [](Random& r) { return (uniform(r) - 0.5) * 1e300; }, true},
        {"whole milliseconds", [](Random& r) { return std::floor(-std::log1p(-uniform(r)) * 20); }, false},
        {"two values", [](Random& r) { return r() % 10 == 0 ? 7.0 : -7.0; }, false},
        {"one value", [](Random&) { return 0.1; }, false},
        {"subnormal", [](Random& r) { return static_cast<double>(r() % 1000) * 5e-324; }, false},
        {"both zeros", [](Random& r) { return r() % 2 == 0 ? 0.0 : -0.0; }, false},
        {"far apart", [](Random& r) { return std::ldexp(r() % 2 == 0 ? 1 : -1, static_cast<int>(r() % 1800) - 900); },
         false},
    };
    return table;
}

void check_against(const TDigest& digest, std::vector<double> samples) {
    check_settled(digest);
    REQUIRE(digest.weight() == static_cast<double>(samples.size()));
    std::ranges::sort(samples);
    CHECK(digest.min() == samples.front());
    CHECK(digest.max() == samples.back());
    const double sum = std::accumulate(samples.begin(), samples.end(), 0.0);
    const double size_of_sum = std::accumulate(samples.begin(), samples.end(), 0.0,
                                               [](double all, double sample) { return all + std::abs(sample); });
    CHECK(std::abs(digest.sum() - sum) <= 1e-9 * size_of_sum);
}

// Quantiles and cdf rise, stay within min and max, and are about right in rank.
void check_readings(const TDigest& digest, std::vector<double> samples, double tolerance) {
    std::ranges::sort(samples);
    double previous = digest.min();
    double previous_share = 0;
    for (int step = 0; step <= 200; ++step) {
        const double q = step / 200.0;
        CAPTURE(q);
        const double value = quantile(digest, q);
        CHECK(value >= previous);
        CHECK(value <= digest.max());
        const double share = cdf(digest, value);
        CHECK(share >= previous_share - 1e-12);
        CHECK(share <= 1);
        previous = value;
        previous_share = share;
        if (tolerance == 0) continue;
        const auto below = std::ranges::lower_bound(samples, value) - samples.begin();
        const double rank = static_cast<double>(below) / static_cast<double>(samples.size());
        CHECK(std::abs(rank - q) <= tolerance + 2 / static_cast<double>(samples.size()));
    }
}

TEST_CASE("digest properties: samples added one by one") {
    for (const Source& source : sources()) {
        CAPTURE(source.name);
        Random random(41);
        for (const std::size_t size : {1U, 2U, 3U, 10U, 99U, 100U, 101U, 311U, 5000U}) {
            CAPTURE(size);
            std::vector<double> samples(size);
            for (double& sample : samples)
                sample = source.next(random);
            const TDigest digest = digest_of_samples(samples);
            check_against(digest, samples);
            check_readings(digest, samples, source.is_smooth ? 0.015 : 0);
        }
    }
}

TEST_CASE("digest properties: sorted samples, up and down") {
    Random random(42);
    std::vector<double> samples(20'000);
    for (double& sample : samples)
        sample = uniform(random);
    std::ranges::sort(samples);
    for (int round = 0; round < 2; ++round) {
        const TDigest digest = digest_of_samples(samples);
        check_against(digest, samples);
        check_readings(digest, samples, 0.015);
        std::ranges::reverse(samples);
    }
}

TEST_CASE("digest properties: samples, digests and settling in any order, at any compression") {
    Random random(43);
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        const Source& source = sources()[random() % sources().size()];
        CAPTURE(source.name);
        const double compression = std::round(std::exp2(3.4 + 5 * uniform(random)));
        CAPTURE(compression);
        DigestMerger merger({.min_pending = random() % 3 * 100, .compression = compression});
        TDigest into;
        std::vector<double> samples;
        for (auto steps = 1 + random() % 40; steps > 0; --steps) {
            std::vector<double> more(random() % 300);
            for (double& sample : more)
                sample = source.next(random);
            samples.insert(samples.end(), more.begin(), more.end());
            if (random() % 2 == 0) {
                for (const double sample : more)
                    merger.add(into, sample);
            } else {
                merger.merge(into, digest_of_samples(more, 10 + static_cast<double>(random() % 300)));
            }
            if (random() % 4 == 0) merger.settle(into);
            REQUIRE(into.weight() == static_cast<double>(samples.size()));
            REQUIRE(total_weight(into.centroids()) == into.weight());
            const double pending = std::max(std::ceil(1.25 * compression), 200.0);
            REQUIRE(static_cast<double>(into.centroids().size()) <= 2 * compression + 10 + pending);
        }
        merger.settle(into);
        if (samples.empty()) continue;
        check_against(into, samples);
        check_readings(into, samples, 0);
        const std::vector<Centroid> before(into.centroids().begin(), into.centroids().end());
        merger.settle(into); // again: nothing left to do
        CHECK(std::ranges::equal(into.centroids(), before));
    }
}

TEST_CASE("digest properties: heavy centroids of any weight") {
    Random random(44);
    for (int round = 0; round < 500; ++round) {
        CAPTURE(round);
        DigestMerger merger({.compression = 10 + static_cast<double>(random() % 200)});
        TDigest into;
        double weight = 0;
        for (auto steps = 1 + random() % 20; steps > 0; --steps) {
            std::vector<Centroid> centroids(1 + random() % 400);
            for (Centroid& c : centroids)
                c = {(uniform(random) - 0.5) * 1e6, std::floor(std::exp2(38 * uniform(random)))};
            std::ranges::sort(centroids, {}, &Centroid::mean);
            const TDigest digest = make_digest(centroids);
            merger.merge(into, digest);
            weight += digest.weight();
        }
        merger.settle(into);
        check_settled(into);
        CHECK(into.weight() == weight);
    }
}

} // namespace
