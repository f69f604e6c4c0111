#include "mabs/tdigest.hpp"

#include "digest_data.hpp"
#include "mabs/digest_quantile.hpp"

#include <limits>
#include <utility>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;

TEST_CASE("tdigest: copied and moved") {
    TDigest digest = make_digest({{1, 1}, {2, 3}}, 70);
    digest.append(1, 8)[0] = {0, 1};
    const TDigest copy = digest;
    CHECK(std::ranges::equal(copy.centroids(), digest.centroids()));
    CHECK(copy.settled().size() == 2);
    CHECK(copy.pending().size() == 1);
    CHECK(copy.compression() == 70);

    TDigest moved = std::move(digest);
    CHECK(std::ranges::equal(moved.centroids(), copy.centroids()));
    digest = TDigest(5); // NOLINT(bugprone-use-after-move): assigned to
    CHECK(digest.empty());

    TDigest assigned = make_digest({{9, 9}, {10, 1}, {11, 1}, {12, 1}});
    assigned = copy;
    CHECK(std::ranges::equal(assigned.centroids(), copy.centroids()));
    CHECK_FALSE(assigned.is_settled());
    assigned = std::move(moved);
    CHECK(std::ranges::equal(assigned.centroids(), copy.centroids()));
}

TEST_CASE("tdigest: cleared it keeps its array, released it does not") {
    TDigest digest = make_digest({{1, 1}, {2, 3}}, 70);
    digest.clear();
    CHECK(digest.empty());
    CHECK(digest.weight() == 0);
    CHECK(digest.compression() == 70);
    CHECK(digest.heap_bytes() == 2 * sizeof(Centroid));
    digest.release();
    CHECK(digest.heap_bytes() == 0);
}

TEST_CASE("tdigest: the array grows in steps, but not past what it may hold") {
    TDigest digest;
    std::size_t changes = 0;
    std::size_t before = 0;
    for (std::size_t i = 0; i < 310; ++i) {
        digest.append(1, 310)[0] = {static_cast<double>(i), 1};
        if (digest.heap_bytes() != before) ++changes;
        before = digest.heap_bytes();
    }
    CHECK(digest.heap_bytes() == 310 * sizeof(Centroid));
    CHECK(changes <= 7);
    CHECK(digest.centroids()[0] == Centroid{0, 1});
    CHECK(digest.centroids()[309] == Centroid{309, 1});
    // A first digest has no room to spare: 100,000 series hold one each.
    TDigest first;
    first.append(100, 310);
    CHECK(first.heap_bytes() == 100 * sizeof(Centroid));
}

TEST_CASE("quantile: nothing, one, two") {
    CHECK(std::isnan(quantile(TDigest(), 0.5)));
    CHECK(std::isnan(cdf(TDigest(), 1)));
    const TDigest one = make_digest({{7, 5}});
    for (const double q : {0.0, 0.5, 1.0})
        CHECK(quantile(one, q) == 7);
    CHECK(cdf(one, 6.9) == 0);
    CHECK(cdf(one, 7) == 0.5);
    CHECK(cdf(one, 7.1) == 1);
    const TDigest two = make_digest({{1, 1}, {2, 1}});
    CHECK(quantile(two, 0) == 1);
    CHECK(quantile(two, 0.49) == 1);
    CHECK(quantile(two, 0.5) == 2);
    CHECK(quantile(two, 1) == 2);
    CHECK(cdf(two, 1) == 0.25);
    CHECK(cdf(two, 1.5) == 0.5);
    CHECK(cdf(two, 2) == 0.75);
}

TEST_CASE("quantile: where only the sample at max is above") {
    TDigest digest = make_digest({{1, 1}, {3, 1}, {5, 2}});
    TDigest::Facts facts = digest.facts();
    facts.max = 9;
    digest.set_facts(facts);
    CHECK(quantile(digest, 0.75) == 9); // 0/0 by the formula
}

TEST_CASE("quantile: never goes back as q grows, and stays within min and max") {
    for (const nlohmann::json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        DigestMerger merger;
        TDigest digest;
        merger.merge(digest, decoded(vector["base64"]));
        merger.settle(digest);
        if (digest.empty()) continue;
        double before = digest.min();
        for (int i = 0; i <= 1000; ++i) {
            const double value = quantile(digest, i / 1000.0);
            CHECK(value >= before - 1e-9 * std::abs(before));
            CHECK(value <= digest.max());
            before = value;
        }
    }
}

TEST_CASE("quantile: means whose products and distances are beyond a double") {
    constexpr double most = std::numeric_limits<double>::max();
    const TDigest wide = make_digest({{-most, 3}, {0, 100}, {most, 3}});
    CHECK(quantile(wide, 0.25) == doctest::Approx(0.5 * -most).epsilon(0.05));
    CHECK(quantile(wide, 0.75) == doctest::Approx(0.5 * most).epsilon(0.05));
    CHECK(cdf(wide, -most / 2) == doctest::Approx((1.5 + 51.5 / 2) / 106));
    CHECK(cdf(wide, most / 2) == doctest::Approx(1 - (1.5 + 51.5 / 2) / 106));
    const TDigest wider = make_digest({{-most, 100}, {most, 100}});
    CHECK(quantile(wider, 0.5) == 0);
    CHECK(cdf(wider, 0) == 0.5);
    // Ends that are no means: a tail as wide.
    TDigest tails = make_digest({{0.9 * most, 10}, {most, 10}});
    TDigest::Facts facts = tails.facts();
    facts.min = -most;
    tails.set_facts(facts);
    CHECK(quantile(tails, 0.15) == doctest::Approx(-0.05 * most)); // 2 of the 1 to 5 samples from min on
    CHECK(cdf(tails, -most / 2) > 0.05);
    CHECK(cdf(tails, -most / 2) < 0.25);
}

} // namespace
