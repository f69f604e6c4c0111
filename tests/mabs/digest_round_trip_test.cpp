// Digests written and read again, alone and between merges, whatever the numbers in them.
#include "digest_data.hpp"
#include "mabs/digest_encode.hpp"
#include "mabs/digest_quantile.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;
using nlohmann::json;

std::string verbose_text(const TDigest& digest) {
    std::string text;
    append_verbose_base64(digest, text);
    return text;
}

TDigest with_ends(TDigest digest, double min, double max) {
    TDigest::Facts facts = digest.facts();
    facts.min = min;
    facts.max = max;
    digest.set_facts(facts);
    return digest;
}

void check_same(const TDigest& got, const TDigest& wanted) {
    CHECK(std::ranges::equal(got.centroids(), wanted.centroids()));
    CHECK(got.weight() == wanted.weight());
    CHECK(got.min() == wanted.min());
    CHECK(got.max() == wanted.max());
    CHECK(got.compression() == wanted.compression());
}

TEST_CASE("digest round trip: every layout comes back from verbose as it was") {
    for (const json& vector : recorded("vectors.jsonl")) {
        CAPTURE(vector["name"]);
        const TDigest digest = decoded(vector["base64"]);
        const std::string text = verbose_text(digest);
        CHECK(text.size() == base64_encoded_size(verbose_size(digest)));
        // Means of the small layouts may leave [min, max] by more than verbose means may: merging brings them back.
        DigestMerger merger({.compression = digest.compression()});
        TDigest merged;
        merger.merge(merged, digest);
        merger.settle(merged);
        if (!merged.empty()) check_same(decoded(verbose_text(merged)), merged);
    }
}

TEST_CASE("digest round trip: what small can and cannot carry") {
    constexpr double max_float = std::numeric_limits<float>::max();
    struct Row {
        const char* what;
        TDigest digest;
        bool fits;
    };
    const std::vector<Row> table{
        {"weight 2^24", make_digest({{1, 16777216}}), true},
        {"weight 2^24 + 1", make_digest({{1, 16777217}}), false},
        {"weight 2^40", make_digest({{1, std::exp2(40)}}), true},
        {"largest float", make_digest({{max_float, 1}}), true},
        {"beyond it", make_digest({{1e39, 1}}), false},
        {"beyond it below", make_digest({{-1e39, 1}, {0, 1}}), false},
        {"compression 3271: buffer 32760", make_digest({{1, 1}}, 3271), true},
        {"compression 3272: buffer 32770", make_digest({{1, 1}}, 3272), false},
        {"compression 10^6", make_digest({{1, 1}}, 1e6), false},
        {"as many centroids as the reader makes room for", make_digest(std::vector<Centroid>(210, {1, 1})), true},
        {"one more", make_digest(std::vector<Centroid>(211, {1, 1})), false},
        {"room for 50 at compression 10", make_digest(std::vector<Centroid>(50, {1, 1}), 10), true},
        {"51 at compression 10", make_digest(std::vector<Centroid>(51, {1, 1}), 10), false},
        {"a mean that rounds to a float", make_digest({{0.1, 1}, {0.7, 5}}), true},
    };
    for (const Row& row : table) {
        CAPTURE(row.what);
        CHECK(can_encode_small(row.digest) == row.fits);
        std::string text;
        const DigestLayout layout = append_small_base64(row.digest, text);
        CHECK(layout == (row.fits ? DigestLayout::merging_small : DigestLayout::merging_verbose));
        if (!row.fits) CHECK(text == verbose_text(row.digest));
        const TDigest back = decoded(text);
        CHECK(back.weight() == row.digest.weight());
        CHECK(back.centroids().size() == row.digest.centroids().size());
    }
}

TEST_CASE("digest round trip: what was written is read, whatever the numbers") {
    std::mt19937_64 random(51);
    for (int round = 0; round < 2000; ++round) {
        CAPTURE(round);
        const int scale = static_cast<int>(random() % 2000) - 1060;
        std::vector<double> samples(1 + random() % 400);
        for (double& sample : samples)
            sample = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), scale - 80);
        const TDigest digest = digest_of_samples(samples, 10 + static_cast<double>(random() % 200));
        const TDigest verbose = decoded(verbose_text(digest));
        check_same(verbose, digest);
        std::string text;
        (void)append_small_base64(digest, text);
        const TDigest small = decoded(text);
        CHECK(small.weight() == digest.weight());
        CHECK(small.min() == digest.min());
        CHECK(small.max() == digest.max());
        REQUIRE(small.centroids().size() == digest.centroids().size());
        const double slack = std::ldexp(std::max(std::abs(digest.min()), std::abs(digest.max())), -23) + 1e-44;
        for (std::size_t i = 0; i < small.centroids().size(); ++i) {
            CHECK(small.centroids()[i].weight == digest.centroids()[i].weight);
            CHECK(std::abs(small.centroids()[i].mean - digest.centroids()[i].mean) <= slack);
        }
    }
}

TEST_CASE("digest round trip: min and max are written as they are, not the outer means") {
    const TDigest digest = with_ends(make_digest({{3, 10}, {8, 10}}), 0.1, 10.3);
    std::string small;
    (void)append_small_base64(digest, small);
    check_same(decoded(small), digest);
    check_same(decoded(verbose_text(digest)), digest);
}

TDigest merged(const std::vector<TDigest>& digests, double compression) {
    DigestMerger merger({.compression = compression});
    TDigest into;
    for (const TDigest& digest : digests)
        merger.merge(into, digest);
    merger.settle(into);
    return into;
}

// In groups of `size`, each written and read again in between, as agents on several machines do.
TDigest merged_in_groups(const std::vector<TDigest>& digests, std::size_t size, double compression) {
    std::vector<TDigest> groups;
    for (std::size_t at = 0; at < digests.size(); at += size) {
        const auto begin = digests.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t count = std::min(size, digests.size() - at);
        std::string text;
        append_verbose_base64(merged({begin, begin + static_cast<std::ptrdiff_t>(count)}, compression), text);
        groups.push_back(decoded(text));
    }
    return merged(groups, compression);
}

TEST_CASE("digest round trip: merged in groups that are written and read in between") {
    for (const json& record : recorded("merges.jsonl")) {
        CAPTURE(record["name"]);
        std::vector<TDigest> inputs;
        for (const json& input : record["inputs"])
            inputs.push_back(decoded(input["base64"]));
        for (const std::size_t size : {2U, 7U, 30U}) {
            CAPTURE(size);
            const TDigest digest = merged_in_groups(inputs, size, record["compression"]);
            check_settled(digest);
            CHECK(digest.weight() == record["count"].get<double>());
            CHECK(digest.min() == record["min"].get<double>());
            CHECK(digest.max() == record["max"].get<double>());
            for (const auto& [q, range] : record["accept"].items()) {
                CAPTURE(q);
                CHECK(quantile(digest, std::stod(q)) >= range[0].get<double>());
                CHECK(quantile(digest, std::stod(q)) <= range[1].get<double>());
            }
        }
    }
}

} // namespace
