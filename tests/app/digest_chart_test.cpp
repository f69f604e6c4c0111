#include "app/digest_chart.hpp"

#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace agent;

mabs::TDigest digest_of(const std::vector<double>& samples) {
    mabs::DigestMerger merger;
    mabs::TDigest digest;
    for (const double sample : samples)
        merger.add(digest, sample);
    merger.settle(digest);
    return digest;
}

std::vector<double> up_to(int count, double first = 1) {
    std::vector<double> samples;
    for (int i = 0; i < count; ++i)
        samples.push_back(first + i);
    return samples;
}

std::vector<std::string> rows(const std::string& chart) {
    std::vector<std::string> found;
    std::size_t at = 0;
    for (auto end = chart.find('\n'); end != std::string::npos; end = chart.find('\n', at)) {
        found.push_back(chart.substr(at, end - at));
        at = end + 1;
    }
    CHECK(at == chart.size());
    return found;
}

// Characters, each of which takes one column here.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace

TEST_CASE("a chart of three groups") {
    std::vector<double> samples(10, 0.5);
    samples.insert(samples.end(), 20, 2.25);
    samples.insert(samples.end(), 10, 3.5);
    CHECK(app::digest_chart(digest_of(samples), 32) ==
          "0.5 .. 1   ██████▌        25.0 %\n"
          "  1 .. 1.5                 0.0 %\n"
          "1.5 .. 2                   0.0 %\n"
          "  2 .. 2.5 █████████████  50.0 %\n"
          "2.5 .. 3                   0.0 %\n"
          "  3 .. 3.5 ██████▌        25.0 %\n");
}

TEST_CASE("every row is as wide as the terminal, up to a limit") {
    const auto digest = digest_of(up_to(1000));
    for (const std::size_t width : {26U, 40U, 79U, 80U, 120U}) {
        CAPTURE(width);
        const auto found = rows(app::digest_chart(digest, width));
        CHECK(found.size() == 10);
        for (const auto& row : found)
            CHECK(columns(row) == std::min<std::size_t>(width, 20 + app::max_chart_bar_columns));
    }
}

TEST_CASE("no chart where there is no room, or nothing to show") {
    const auto digest = digest_of(up_to(1000)); // labels and shares take 20 columns
    CHECK(rows(app::digest_chart(digest, 20 + app::min_chart_bar_columns)).size() == 10);
    for (const std::size_t width : {0U, 1U, 20U, 23U})
        CHECK(app::digest_chart(digest, width).empty());
    CHECK(app::digest_chart(mabs::TDigest(), 80).empty());
}

TEST_CASE("samples far out share the last row") {
    auto samples = up_to(1000);
    samples.push_back(1e6);
    const auto found = rows(app::digest_chart(digest_of(samples), 80));
    CHECK(found.size() == 10);
    CHECK(found.back().starts_with("900 .. 1e+06 █"));
}

TEST_CASE("what spreads over powers of ten has them as rows") {
    std::vector<double> samples;
    for (int i = 0; i < 600; ++i)
        samples.push_back(std::pow(10, i / 100.0)); // 1 to 1e6, as many in each power of ten
    const auto found = rows(app::digest_chart(digest_of(samples), 80));
    REQUIRE(found.size() == 6);
    CHECK(found[0].starts_with("     1 .. 10     █"));
    CHECK(found[3].starts_with("  1000 .. 10000  █"));
    for (const auto& row : found)
        CHECK((row.ends_with(" 16.6 %") || row.ends_with(" 16.7 %") || row.ends_with(" 16.8 %")));

    for (int i = 0; i < 600; ++i)
        samples[static_cast<std::size_t>(i)] = 2 * std::pow(10, i / 250.0); // 2 to 500
    const auto finer = rows(app::digest_chart(digest_of(samples), 80));
    REQUIRE(finer.size() == 7);
    CHECK(finer[0].starts_with("  2 .. 5"));
    CHECK(finer[1].starts_with("  5 .. 10"));
    CHECK(finer[2].starts_with(" 10 .. 20"));
    CHECK(finer[6].starts_with("200 .. "));

    samples.assign(600, -5); // some below 0: equal steps
    for (int i = 0; i < 590; ++i)
        samples.push_back(1000 + i);
    CHECK(rows(app::digest_chart(digest_of(samples), 80))[0].starts_with("  -5 .. 0 "));
}

TEST_CASE("where all is one value, or one centroid, there is one row") {
    for (const auto& samples : {std::vector<double>{5}, std::vector<double>(1000, 5.0)}) {
        CHECK(app::digest_chart(digest_of(samples), 26) == "5 .. 5 ███████████ 100.0 %\n");
    }
    mabs::TDigest heavy;
    heavy.overwrite(1)[0] = {5, 100};
    heavy.set_facts({.weight = 100, .min = 1, .max = 9, .sum = 500});
    CHECK(app::digest_chart(heavy, 26) == "1 .. 9 ███████████ 100.0 %\n");
}

TEST_CASE("any range has a chart of at most twelve rows that are told apart and together hold all") {
    constexpr double largest = std::numeric_limits<double>::max();
    constexpr double smallest = std::numeric_limits<double>::denorm_min();
    const std::vector<std::vector<double>> cases{
        {-largest, largest},
        {-largest, 0, largest / 2},
        {0, smallest},
        {-smallest, 0, smallest, 3 * smallest},
        {1, std::nextafter(1, 2)},
        {1e15, 1e15 + 1, 1e15 + 2, 1e15 + 40},
        {1e-300, 1e300},
        {-1e-5, 0, 1e-5},
        {-0.0, 0.0},
        up_to(11),
        up_to(12),
        up_to(13),
        up_to(100),
        up_to(101),
        up_to(111),
        up_to(50, -25),
        up_to(500, 1e9),
    };
    for (const auto& samples : cases) {
        CAPTURE(samples.size());
        CAPTURE(samples.front());
        CAPTURE(samples.back());
        const auto found = rows(app::digest_chart(digest_of(samples), 100));
        CHECK(!found.empty());
        CHECK(found.size() <= 12);
        double share = 0;
        std::vector<std::string> labels;
        for (const auto& row : found) {
            CHECK(columns(row) == 100);
            share += std::stod(row.substr(row.size() - 7));
            labels.push_back(row.substr(0, row.find(" .. ")));
        }
        CHECK(share == doctest::Approx(100).epsilon(0.01));
        CHECK(std::ranges::adjacent_find(labels) == labels.end());
    }
}
