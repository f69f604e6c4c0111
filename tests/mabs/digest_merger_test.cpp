#include "mabs/digest_merger.hpp"

#include "digest_data.hpp"
#include "mabs/digest_quantile.hpp"

#include <array>
#include <numeric>
#include <random>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;
using nlohmann::json;

// Merges `inputs` in groups of that many, then the groups.
TDigest merged_in_groups(const std::vector<TDigest>& inputs, std::size_t group_size) {
    DigestMerger merger;
    TDigest all;
    for (std::size_t i = 0; i < inputs.size(); i += group_size) {
        TDigest group;
        for (std::size_t k = i; k < std::min(inputs.size(), i + group_size); ++k)
            merger.merge(group, inputs[k]);
        merger.settle(group);
        merger.merge(all, group);
    }
    merger.settle(all);
    return all;
}

void check_merge(const json& merge, const TDigest& merged) {
    check_settled(merged);
    CHECK(merged.weight() == merge["count"].get<double>());
    CHECK(merged.min() == merge["min"].get<double>());
    CHECK(merged.max() == merge["max"].get<double>());
    CHECK(merged.compression() == merge["compression"].get<double>());
    for (const auto& [q, range] : merge["accept"].items()) {
        CAPTURE(q);
        const double value = quantile(merged, std::stod(q));
        CHECK(value >= range[0].get<double>());
        CHECK(value <= range[1].get<double>());
    }
}

TEST_CASE("merger: recorded merges, in any order and grouping") {
    for (const json& merge : recorded("merges.jsonl")) {
        CAPTURE(merge["name"]);
        std::vector<TDigest> inputs;
        for (const json& input : merge["inputs"])
            inputs.push_back(decoded(input["base64"]));
        std::mt19937_64 random(5);
        for (const int order : {0, 1, 2}) {
            CAPTURE(order);
            if (order == 1) std::ranges::reverse(inputs);
            if (order == 2) std::ranges::shuffle(inputs, random);
            for (const std::size_t group_size : {std::size_t{1}, std::size_t{3}, std::size_t{10}, inputs.size()}) {
                CAPTURE(group_size);
                check_merge(merge, merged_in_groups(inputs, group_size));
            }
        }
    }
}

TEST_CASE("merger: an empty digest changes nothing") {
    DigestMerger merger;
    TDigest digest;
    merger.merge(digest, TDigest(500));
    CHECK(digest.empty());
    CHECK(digest.compression() == default_compression);
    merger.add(digest, 3);
    merger.merge(digest, TDigest(500));
    merger.settle(digest);
    CHECK(digest.weight() == 1);
    CHECK(digest.compression() == default_compression);
    CHECK(digest.centroids()[0] == Centroid{3, 1});
}

TEST_CASE("merger: one digest alone stays as it was sent") {
    const TDigest sent = make_digest({{1, 1}, {2, 700}, {3, 900}, {7, 1}}, 60);
    DigestMerger merger;
    TDigest digest;
    merger.merge(digest, sent);
    merger.settle(digest);
    CHECK(std::ranges::equal(digest.centroids(), sent.centroids()));
    CHECK(digest.compression() == 60);
    CHECK(digest.sum() == sent.sum());
    CHECK(digest.heap_bytes() == 4 * sizeof(Centroid));
}

TEST_CASE("merger: the larger compression holds, within its bounds") {
    const auto with = [](double compression) { return make_digest({{1, 1}, {2, 1}}, compression); };
    DigestMerger merger;
    TDigest digest;
    merger.merge(digest, with(1));
    CHECK(digest.compression() == 10); // as the Java library does
    merger.merge(digest, with(200));
    CHECK(digest.compression() == 200);
    merger.merge(digest, with(50));
    CHECK(digest.compression() == 200);
    merger.merge(digest, with(1e6));
    CHECK(digest.compression() == 1000);

    DigestMerger fixed({.compression = 70});
    TDigest other;
    fixed.merge(other, with(200));
    CHECK(other.compression() == 70);
}

TEST_CASE("merger: heavy ends give up the samples that are known") {
    TDigest heavy = make_digest({{2, 5}, {5, 6}, {6, 4}});
    TDigest::Facts facts = heavy.facts();
    facts.min = 1;
    facts.max = 10;
    heavy.set_facts(facts);
    DigestMerger merger;
    TDigest digest;
    merger.merge(digest, heavy);
    merger.settle(digest);
    check_settled(digest);
    const std::vector<Centroid> wanted{{1, 1}, {2.25, 4}, {5, 6}, {14.0 / 3, 3}, {10, 1}};
    REQUIRE(digest.centroids().size() == wanted.size());
    CHECK(digest.centroids().front() == wanted.front());
    CHECK(digest.centroids()[1] == wanted[1]);
    CHECK(near(digest.centroids()[2].mean, 14.0 / 3)); // moved inwards past its neighbour
    CHECK(digest.centroids()[3] == wanted[2]);
    CHECK(digest.centroids().back() == wanted.back());

    // One centroid gives up both.
    TDigest lone = make_digest({{4, 3}});
    facts = lone.facts();
    facts.min = 1;
    facts.max = 9;
    lone.set_facts(facts);
    TDigest split;
    merger.merge(split, lone);
    CHECK(std::ranges::equal(split.centroids(), std::vector<Centroid>{{1, 1}, {2, 1}, {9, 1}}));
}

TEST_CASE("merger: means that rounding took out of bounds are brought back") {
    TDigest sent = make_digest({{0.3F, 1}, {0.5, 2}, {0.7F, 1}}); // the floats lie outside of the doubles
    TDigest::Facts facts = sent.facts();
    facts.min = 0.3 + 1e-8;
    facts.max = 0.7 - 1e-8;
    sent.set_facts(facts);
    REQUIRE(sent.centroids().front().mean != facts.min);
    DigestMerger merger;
    TDigest digest;
    merger.merge(digest, sent);
    merger.settle(digest);
    check_settled(digest);
}

TEST_CASE("merger: few samples stay exact") {
    std::mt19937_64 random(6);
    std::vector<double> samples(100);
    for (double& sample : samples)
        sample = static_cast<double>(random() % 1000);
    const TDigest digest = digest_of_samples(samples);
    std::ranges::sort(samples);
    REQUIRE(digest.centroids().size() == samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
        CHECK(digest.centroids()[i] == Centroid{samples[i], 1});
}

TEST_CASE("merger: a series stays small whatever comes") {
    std::mt19937_64 random(7);
    DigestMerger merger;
    for (const double compression : {1.0, 10.0, 20.0, 100.0, 333.3, 1000.0, 1e6}) {
        CAPTURE(compression);
        const double kept = std::clamp(compression, 10.0, 1000.0);
        TDigest digest;
        double weight = 0;
        for (int round = 0; round < 50; ++round) {
            std::vector<Centroid> centroids(1 + random() % 4000);
            double mean = -1e6;
            for (Centroid& c : centroids) {
                mean += static_cast<double>(random() % 1000);
                c = {mean, std::floor(std::ldexp(1, static_cast<int>(random() % 30))) + 1};
            }
            const TDigest sent = make_digest(centroids, compression);
            weight += sent.weight();
            merger.merge(digest, sent);
            CHECK(static_cast<double>(digest.centroids().size()) <= std::max(std::ceil(3.25 * kept) + 11, 4000.0));
            if (round > 0) CHECK(static_cast<double>(digest.centroids().size()) <= std::ceil(3.25 * kept) + 11);
        }
        merger.settle(digest);
        check_settled(digest);
        CHECK(digest.weight() == weight);
    }
}

// All kinds of samples, also ones whose products with weights pass the largest double.
double odd_sample(std::mt19937_64& random) {
    const double u = std::generate_canonical<double, 53>(random);
    switch (random() % 8) {
    case 0: return 0;
    case 1: return -0.0;
    case 2: return 42.5;
    case 3: return -1000 * u;
    case 4: return std::ldexp(u, -1070);
    case 5: return (u - 0.5) * 1.7e308;
    case 6: return std::floor(10 * u);
    default: return -std::log(1 - u);
    }
}

TEST_CASE("merger: weight, min and max are exact, means sorted, for any samples") {
    std::mt19937_64 random(8);
    for (int round = 0; round < 60; ++round) {
        CAPTURE(round);
        const double compression = 10 + static_cast<double>(random() % 300);
        DigestMerger merger({.compression = compression});
        TDigest all;
        double min = std::numeric_limits<double>::infinity();
        double max = -min;
        double count = 0;
        for (int part = 0; part < 10; ++part) {
            TDigest digest;
            const auto size = random() % 3000;
            for (std::size_t i = 0; i < size; ++i) {
                const double sample = odd_sample(random);
                min = std::min(min, sample);
                max = std::max(max, sample);
                ++count;
                merger.add(part % 2 == 0 ? digest : all, sample);
            }
            if (random() % 2 == 0) merger.settle(digest);
            if (!digest.is_settled()) merger.settle(digest);
            merger.merge(all, digest);
        }
        merger.settle(all);
        check_settled(all);
        CHECK(all.weight() == count);
        CHECK(all.min() == min);
        CHECK(all.max() == max);
    }
}

TEST_CASE("merger: quantiles of samples are near the truth") {
    std::mt19937_64 random(9);
    std::exponential_distribution<double> latency(0.01);
    std::vector<double> samples(100'000);
    for (double& sample : samples)
        sample = latency(random);
    const TDigest digest = digest_of_samples(samples);
    std::ranges::sort(samples);
    for (const double q : {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999}) {
        CAPTURE(q);
        const auto below = std::ranges::lower_bound(samples, quantile(digest, q)) - samples.begin();
        const double rank = static_cast<double>(below) / static_cast<double>(samples.size());
        CHECK(std::abs(rank - q) < 0.02 * q * (1 - q) + 1e-5);
    }
}

TEST_CASE("merger: what would pass 2^53 or the largest double does not fit") {
    const TDigest half = make_digest({{1, std::ldexp(1, 52)}});
    const TDigest almost = make_digest({{1, std::ldexp(1, 52) - 1}});
    TDigest held;
    DigestMerger merger;
    CHECK(fits(held, half));
    merger.merge(held, half);
    CHECK(fits(held, half));
    merger.merge(held, almost);
    CHECK(held.weight() == max_digest_weight - 1);
    CHECK(fits(held, 1.0));
    CHECK_FALSE(fits(held, half));
    merger.add(held, 1);
    CHECK(held.weight() == max_digest_weight);
    CHECK_FALSE(fits(held, 1.0));

    TDigest huge;
    merger.add(huge, 1.5e308);
    CHECK_FALSE(fits(huge, 1.5e308));
    CHECK(fits(huge, -1.5e308));
    CHECK_FALSE(fits(huge, make_digest({{1.5e308, 1}})));
}

TEST_CASE("merger: the sum is that of what was merged") {
    DigestMerger merger;
    TDigest digest;
    double sum = 0;
    for (int i = 0; i < 2000; ++i) {
        merger.add(digest, i);
        sum += i;
    }
    const TDigest other = make_digest({{0.5, 3}, {8, 2}});
    merger.merge(digest, other);
    CHECK(digest.sum() == sum + other.sum());
}

} // namespace
