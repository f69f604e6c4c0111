#include "forward/record_encoder.hpp"

#include "mabs/base64.hpp"
#include "mabs/tdigest.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace agent;
using forward::BucketInfo;

namespace {

struct Series {
    core::SeriesType type = core::SeriesType::counter;
    std::string metric = "http.requests";
    std::vector<core::Tag> tags{}; // g++ wants the braces for designated initializers
    std::string node{};

    core::SeriesView view() const { return {.type = type, .metric = metric, .tags = tags, .node = node}; }
};

constexpr BucketInfo minute{.start_ms = 1763750400000, .interval_ms = 60000, .lines = 42};

std::string key(const Series& series) {
    std::string out;
    forward::append_key(series.view(), out);
    return out;
}

template <typename Value>
std::string value(const Series& series, const BucketInfo& bucket, const Value& value) {
    std::string out;
    forward::append_value(series.view(), bucket, value, out);
    return out;
}

std::string counter_ts(std::int64_t ms) {
    const auto text = value({}, {.start_ms = ms, .interval_ms = 60000, .lines = 1}, forward::CounterValue{1});
    const auto from = text.find("\"ts\":") + 5;
    return text.substr(from, text.find(',', from) - from);
}

std::string point_number(std::variant<std::int64_t, double> number) {
    const auto text = value({.type = core::SeriesType::point}, {}, forward::PointValue{number});
    const auto from = text.find("\"value\":") + 8;
    return text.substr(from, text.size() - 1 - from);
}

} // namespace

TEST_CASE("keys") {
    struct Row {
        Series series;
        std::string expected;
    };
    const std::vector<Row> rows{
        {{.metric = "m"}, "m"},
        {{.metric = "m", .tags = {{"a", "1"}}}, "m{a=1}"},
        {{.metric = "m", .tags = {{"a", "1"}, {"b", "2"}}}, "m{a=1,b=2}"},
        {{.metric = "m", .node = "h"}, "m{node=h}"},
        {{.metric = "m", .tags = {{"a", "1"}, {"b", "2"}}, .node = "h"}, "m{a=1,b=2,node=h}"},
        {{.metric = "m", .tags = {{"z", "1"}}, .node = "h"}, "m{z=1,node=h}"}, // the node stays last
        {{.metric = "m", .tags = {{"a", "x,y}z\\"}}}, "m{a=x\\,y\\}z\\\\}"},
        {{.metric = "m", .tags = {{"a", ",,,,}}}}"}}, .node = ",}\\"}, "m{a=\\,\\,\\,\\,\\}\\}\\}\\},node=\\,\\}\\\\}"},
        {{.metric = "m", .tags = {{"a", "{=\" "}}}, "m{a={=\" }"}, // only those three are escaped
        {{.metric = "größe", .tags = {{"stadt", "Köln"}}}, "größe{stadt=Köln}"},
    };
    for (const Row& row : rows) {
        CHECK(key(row.series) == row.expected);
    }
}

TEST_CASE("a different series never has the same key") {
    // What the escapes are for: these pairs would be equal without them.
    CHECK(key({.metric = "m", .tags = {{"a", "1,b=2"}}}) != key({.metric = "m", .tags = {{"a", "1"}, {"b", "2"}}}));
    CHECK(key({.metric = "m", .tags = {{"a", "1"}}, .node = "h,b=1"}) !=
          key({.metric = "m", .tags = {{"a", "1"}}, .node = "h\\,b=1"}));
}

TEST_CASE("values as the specification shows them") {
    const Series counter{.tags = {{"service", "pins"}, {"status", "200"}}};
    CHECK(value(counter, minute, forward::CounterValue{128}) ==
          R"({"v":1,"type":"counter","metric":"http.requests","tags":{"service":"pins","status":"200"},)"
          R"("ts":1763750400,"interval":60,"lines":42,"value":128})");

    const Series gauge{.type = core::SeriesType::gauge, .metric = "queue.depth", .tags = {}, .node = "web-1"};
    CHECK(value(gauge, minute,
                forward::GaugeValue{
                    .last = 3.5, .last_ts_ms = 1763750431250, .min = 1.25, .max = 9, .sum = 21.5, .count = 6}) ==
          R"({"v":1,"type":"gauge","metric":"queue.depth","tags":{},"node":"web-1",)"
          R"("ts":1763750400,"interval":60,"lines":42,"value":3.5,"last_ts":1763750431250,)"
          R"("min":1.25,"max":9,"sum":21.5,"count":6})");

    const Series point{.type = core::SeriesType::point, .metric = "p", .tags = {{"by_node", "True"}}};
    CHECK(value(point, {.start_ms = 1763750400123, .interval_ms = 0, .lines = 1}, forward::PointValue{1.5}) ==
          R"({"v":1,"type":"point","metric":"p","tags":{"by_node":"True"},)"
          R"("ts":1763750400.123,"interval":0,"lines":1,"value":1.5})");
    CHECK(value(point, {.start_ms = 1763750400000, .interval_ms = 0, .lines = 1},
                forward::PointValue{std::numeric_limits<std::int64_t>::min()})
              .ends_with(R"("value":-9223372036854775808})"));
}

namespace {

mabs::TDigest make_digest(const std::vector<mabs::Centroid>& centroids, double min, double max, double sum) {
    mabs::TDigest digest;
    double weight = 0;
    const auto room = digest.overwrite(centroids.size());
    for (std::size_t i = 0; i < centroids.size(); ++i) {
        room[i] = centroids[i];
        weight += centroids[i].weight;
    }
    digest.set_facts({.compression = 100, .weight = weight, .min = min, .max = max, .sum = sum});
    return digest;
}

} // namespace

TEST_CASE("a histogram carries its digest") {
    const auto digest = make_digest({{0.2, 1}, {3.5, 998}, {912.5, 1}}, 0.2, 912.5, 13250.1);
    const Series series{.type = core::SeriesType::histogram, .metric = "db.ms", .tags = {{"db", "users"}}, .node = "h"};
    const std::string text = value(series, minute, digest);
    CHECK(text.starts_with(R"({"v":1,"type":"histogram","metric":"db.ms","tags":{"db":"users"},"node":"h",)"
                           R"("ts":1763750400,"interval":60,"lines":42,)"
                           R"("count":1000,"min":0.2,"max":912.5,"sum":13250.1,"digest":"AAAAAT/J)"));
    CHECK(text.ends_with("\"}"));

    // Big-endian: int 1; double min, max, compression; int n; n times double weight, mean.
    const auto base64 = nlohmann::json::parse(text).at("digest").get<std::string>();
    std::vector<std::byte> bytes(mabs::base64_decoded_room(base64.size()));
    const auto size = mabs::base64_decode(base64, bytes);
    REQUIRE(size.has_value());
    REQUIRE(*size == 32 + 3 * 16);
    const auto number = [&](std::size_t offset) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            bits = bits << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
        }
        return std::bit_cast<double>(bits);
    };
    CHECK(number(4) == 0.2);
    CHECK(number(12) == 912.5);
    CHECK(number(20) == 100);
    CHECK(std::to_integer<int>(bytes[31]) == 3);
    CHECK(number(32 + 16) == 998);
    CHECK(number(32 + 24) == 3.5);
}

TEST_CASE("a sum that is not finite becomes null") {
    const auto digest = make_digest({{1e308, 5}}, 1e308, 1e308, std::numeric_limits<double>::infinity());
    const auto parsed = nlohmann::json::parse(value({.type = core::SeriesType::histogram}, minute, digest));
    CHECK(parsed.at("sum").is_null());
    CHECK(parsed.at("count") == 5);
}

TEST_CASE("times are seconds with as few decimals as they need") {
    CHECK(counter_ts(1763750400000) == "1763750400");
    CHECK(counter_ts(1763750400500) == "1763750400.5");
    CHECK(counter_ts(1763750400120) == "1763750400.12");
    CHECK(counter_ts(1763750400123) == "1763750400.123");
    CHECK(counter_ts(1763750400001) == "1763750400.001");
    CHECK(counter_ts(0) == "0");
    CHECK(counter_ts(-1500) == "-1.5");
    CHECK(counter_ts(-1) == "-0.001");
    CHECK(value({}, {.start_ms = 0, .interval_ms = 500, .lines = 1}, forward::CounterValue{1})
              .find("\"interval\":0.5,") != std::string::npos);
}

TEST_CASE("numbers are shortest, whole ones are integers") {
    CHECK(point_number(0.1) == "0.1");
    CHECK(point_number(100000.0) == "100000"); // to_chars alone would say 1e+05
    CHECK(point_number(-2.0) == "-2");
    CHECK(point_number(0.0) == "0");
    CHECK(point_number(-0.0) == "-0.0");
    CHECK(point_number(9007199254740992.0) == "9007199254740992");
    CHECK(point_number(1e22) == "1e+22");
    CHECK(point_number(std::int64_t{9007199254740993}) == "9007199254740993"); // no double has this value
    CHECK(point_number(std::numeric_limits<double>::infinity()) == "null");
    CHECK(point_number(std::nan("")) == "null");
}

TEST_CASE("numbers parse back to the same bits") {
    const std::vector<double> numbers{5e-324,
                                      -2.2250738585072014e-308,
                                      1.7976931348623157e308,
                                      0.1 + 0.2,
                                      1.0 / 3,
                                      123456789.125,
                                      9007199254740993.0 * 3,
                                      1e15 + 0.5,
                                      -0.0};
    for (const double number : numbers) {
        const auto back = nlohmann::json::parse(point_number(number)).get<double>();
        CHECK(back == number);
        CHECK(std::signbit(back) == std::signbit(number));
    }
}

TEST_CASE("any text survives JSON") {
    const std::vector<std::string> texts{
        "plain",     "\"",
        "\\",        "a\"b\\c",
        "eight888",  "12345678\"",
        "1234567\"", "1234567\\",
        "\x01\x1f",  std::string("\0x", 2),
        "Köln 東京", "12345678abcdefgh\\",
        "\x7f",
    };
    for (const std::string& text : texts) {
        const Series series{.metric = text, .tags = {{text, text}}, .node = text};
        const auto parsed = nlohmann::json::parse(value(series, minute, forward::CounterValue{1}));
        CHECK(parsed.at("metric") == text);
        CHECK(parsed.at("tags").at(text) == text);
        CHECK(parsed.at("node") == text);
    }
}

TEST_CASE("the buffer is appended to and reused") {
    std::string out = "before";
    const Series series{.metric = "m"};
    forward::append_key(series.view(), out);
    CHECK(out == "beforem");

    const std::string quotes(1024, '"');
    const Series worst{.metric = std::string(255, '\x01'), .tags = {{"t", quotes}}};
    out.clear();
    forward::append_value(worst.view(), minute, forward::CounterValue{std::numeric_limits<std::int64_t>::min()}, out);
    CHECK(nlohmann::json::parse(out).at("metric") == worst.metric);
    const auto* address = out.data();
    out.clear();
    forward::append_value(worst.view(), minute, forward::CounterValue{1}, out);
    CHECK(out.data() == address); // no allocation the second time
}
