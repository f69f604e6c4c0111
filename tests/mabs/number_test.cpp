#include "mabs/number.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

constexpr auto int64_max = std::numeric_limits<std::int64_t>::max();
constexpr auto int64_min = std::numeric_limits<std::int64_t>::min();

TEST_CASE("timestamps: 10 digits are seconds, 13 milliseconds, nothing else is one") {
    std::int64_t ms = -1;
    REQUIRE(parse_timestamp("1763750400", ms));
    CHECK(ms == 1'763'750'400'000);
    REQUIRE(parse_timestamp("1763750400123", ms));
    CHECK(ms == 1'763'750'400'123);
    REQUIRE(parse_timestamp("0000000000", ms));
    CHECK(ms == 0);
    REQUIRE(parse_timestamp("9999999999", ms));
    CHECK(ms == 9'999'999'999'000);
    REQUIRE(parse_timestamp("9999999999999", ms));
    CHECK(ms == 9'999'999'999'999);

    for (const char* text :
         {"", "1", "176375040", "17637504001", "176375040012", "17637504001234", "-763750400", "+763750400",
          "1763750400.", "176375040O", " 176375040", "1763750400 ", "1763750.00", "1.763750e9"}) {
        CAPTURE(text);
        ms = -1;
        CHECK(!looks_like_timestamp(text));
        CHECK(!parse_timestamp(text, ms));
    }
}

TEST_CASE("integers that are taken") {
    struct Row {
        std::string text;
        std::int64_t value;
    };
    const Row rows[] = {
        {"0", 0},
        {"-0", 0},
        {"+0", 0},
        {"5", 5},
        {"+5", 5},
        {"-5", -5},
        {"007", 7},
        {"999999999999999999", 999'999'999'999'999'999},
        {"-999999999999999999", -999'999'999'999'999'999},
        {"1000000000000000000", 1'000'000'000'000'000'000},
        {"9223372036854775806", int64_max - 1},
        {"9223372036854775807", int64_max},
        {"+9223372036854775807", int64_max},
        {"-9223372036854775807", -int64_max},
        {"-9223372036854775808", int64_min},
        {std::string(300, '0') + "42", 42},
        {"-" + std::string(300, '0') + "9223372036854775808", int64_min},
    };
    for (const auto& [text, value] : rows) {
        CAPTURE(text);
        std::int64_t out = 1;
        CHECK(parse_integer(text, out) == NumberFault::none);
        CHECK(out == value);
    }
}

TEST_CASE("integers that are not") {
    std::int64_t out = 0;
    for (const char* text :
         {"",    "+",    "-",   "++5", "--5",  "+-5",  "-+5", "5-",  "5+", "1.0", "1.",       ".1",
          "1e3", "0x10", "1_0", "1,0", "null", "true", "nan", "inf", " 5", "5 ",  "\xD9\xA3", "9223372036854775807a"}) {
        CAPTURE(text);
        CHECK(parse_integer(text, out) == NumberFault::malformed);
    }
    for (const auto& text : {std::string("9223372036854775808"), std::string("-9223372036854775809"),
                             std::string("9999999999999999999"), std::string("18446744073709551616"),
                             std::string("92233720368547758070"), std::string(300, '9'), "-" + std::string(300, '9')}) {
        CAPTURE(text);
        CHECK(parse_integer(text, out) == NumberFault::out_of_range);
    }
}

TEST_CASE("decimals that are taken, to the last bit") {
    struct Row {
        std::string text;
        double value;
    };
    const Row rows[] = {
        {"1", 1.0},
        {"+5", 5.0},
        {"-2.5", -2.5},
        {"1.0E-5", 1.0e-5},
        {"1e+22", 1e22},
        {"1e22", 1e22},
        {"1e23", 1e23},
        {"1E5", 1e5},
        {".5", 0.5},
        {"-.5", -0.5},
        {"5.", 5.0},
        {"5.e2", 500.0},
        {"0.1", 0.1},
        {"0.3", 0.3},
        {"100000000000000.5", 100000000000000.5},
        {"999999999999999", 999999999999999.0},
        {"9999999999999999", 9999999999999999.0},
        {"9007199254740993", 9007199254740992.0}, // half-way between two doubles: to the even one
        {"9007199254740995", 9007199254740996.0},
        {"0.000000000000001", 1e-15},
        {"123456789.012345", 123456789.012345},
        {"3.14159265358979323846264338327950288", 3.14159265358979323846},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"-1.7976931348623157e308", -1.7976931348623157e308},
        {"2.2250738585072014e-308", 2.2250738585072014e-308},
        {"4.9406564584124654e-324", 4.9406564584124654e-324},
        {"1e-400", 0.0}, // too small becomes 0
        {"-1e-400", -0.0},
        {"1e-99999999999999999999", 0.0},
        {"0e99999999999999999999", 0.0},
        {std::string(300, '9'), 1e300},
        {std::string(300, '0') + "1.5", 1.5},
        {"0." + std::string(300, '0') + "1", 1e-301},
        {std::string(1000, '1') + "e-999", 1.1111111111111111},
    };
    for (const auto& [text, value] : rows) {
        CAPTURE(text);
        double out = 77;
        CHECK(parse_decimal(text, out) == NumberFault::none);
        CHECK(out == value);
        CHECK(std::signbit(out) == std::signbit(value));
    }
}

TEST_CASE("the sign of zero is kept") {
    double out = 1;
    REQUIRE(parse_decimal("-0", out) == NumberFault::none);
    CHECK((out == 0 && std::signbit(out)));
    REQUIRE(parse_decimal("-0.0e5", out) == NumberFault::none);
    CHECK((out == 0 && std::signbit(out)));
    REQUIRE(parse_decimal("+0", out) == NumberFault::none);
    CHECK((out == 0 && !std::signbit(out)));
}

TEST_CASE("decimals that are not") {
    double out = 0;
    for (const char* text : {"",    "+",   "-",   ".",    "-.",       "e5",    ".e5",     "1e",    "1e+",   "1e-",
                             "++5", "--5", "+-5", "-+5",  "1.2.3",    "1e5.0", "1e5e5",   "0x10",  "0x1p3", "1p3",
                             "nan", "NaN", "inf", "-inf", "Infinity", "null",  "true",    "1_000", "1,5",   "1d",
                             "1f",  "5-",  "5%",  " 5",   "5 ",       "1 e5",  "\xD9\xA3"}) {
        CAPTURE(text);
        CHECK(parse_decimal(text, out) == NumberFault::malformed);
    }
    for (const auto& text :
         {std::string("1e400"), std::string("-1e400"), std::string("1e309"), std::string("1.7976931348623159e308"),
          std::string("1e99999999999999999999"), std::string(310, '9'), std::string(400, '9') + ".5"}) {
        CAPTURE(text);
        CHECK(parse_decimal(text, out) == NumberFault::out_of_range);
    }
}

// The short way and the long way must agree with the C library, which rounds correctly.
TEST_CASE("random decimals round as strtod does") {
    std::mt19937_64 random(2);
    const auto digits = [&](std::size_t most) {
        std::string text;
        for (auto left = random() % (most + 1); left > 0; --left) {
            text.push_back(static_cast<char>('0' + random() % 10));
        }
        return text;
    };
    for (int round = 0; round < 200'000; ++round) {
        auto text = std::string(random() % 3 == 0 ? "-" : "") + digits(20);
        if (random() % 2 == 0) {
            text += "." + digits(20);
        }
        if (text.find_first_of("0123456789") == std::string::npos) {
            text += "7";
        }
        if (random() % 4 == 0) {
            text += (random() % 2 == 0 ? "e-" : "E") + std::to_string(random() % 330);
        }
        double out = 0;
        const auto fault = parse_decimal(text, out);
        const double wanted = std::strtod(text.c_str(), nullptr);
        CAPTURE(text);
        if (std::isinf(wanted)) {
            REQUIRE(fault == NumberFault::out_of_range);
        } else {
            REQUIRE(fault == NumberFault::none);
            REQUIRE(out == wanted);
        }
    }
}

} // namespace
} // namespace agent::mabs
