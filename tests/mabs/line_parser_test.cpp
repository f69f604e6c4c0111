#include "mabs/line_parser.hpp"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using core::RejectReason;
using namespace std::string_literals;

constexpr std::int64_t now_ms = 1'763'750'431'250;
const auto window = TimeWindow::around(now_ms);

struct Accepted {
    std::string text;
    Verb verb;
    std::string metric = {};
    std::int64_t timestamp_ms = now_ms;
    std::string value = {};
    std::string tail = {};
};

const std::vector<Accepted> accepted{
    {"mabs counter m 1", Verb::counter, "m", now_ms, "1", ""},
    {"mabs c m 1", Verb::counter, "m", now_ms, "1", ""},
    {"mabs gauge m 1.5", Verb::gauge, "m", now_ms, "1.5", ""},
    {"mabs g m 1.5", Verb::gauge, "m", now_ms, "1.5", ""},
    {"mabs sample m 1.5", Verb::sample, "m", now_ms, "1.5", ""},
    {"mabs s m 1.5", Verb::sample, "m", now_ms, "1.5", ""},
    {"mabs histogram m AAAA", Verb::histogram, "m", now_ms, "AAAA", ""},
    {"mabs h m AAAA", Verb::histogram, "m", now_ms, "AAAA", ""},
    {"put m 1763750400 1", Verb::put, "m", 1'763'750'400'000, "1", ""},
    {"put m 1763750400123 1 a=b", Verb::put, "m", 1'763'750'400'123, "1", "a=b"},
    {"mabs c m 1763750400 -7", Verb::counter, "m", 1'763'750'400'000, "-7", ""},
    {"mabs c m 1763750400123 -7 a=b c=d", Verb::counter, "m", 1'763'750'400'123, "-7", "a=b c=d"},
    {"mabs c m 1 a=b", Verb::counter, "m", now_ms, "1", "a=b"},
    {"mabs g m 1763750400 2 x=1763750400", Verb::gauge, "m", 1'763'750'400'000, "2", "x=1763750400"},
    // One field is the value, however much it looks like a timestamp.
    {"mabs c m 1763750400", Verb::counter, "m", now_ms, "1763750400", ""},
    {"mabs g m 1763750400123 a=b", Verb::gauge, "m", now_ms, "1763750400123", "a=b"},
    {"put m 1763750400 1763750400", Verb::put, "m", 1'763'750'400'000, "1763750400", ""},
    // The digest's padding is part of it, `=` or not; a first field of 10 or 13 digits is a timestamp, others are not.
    {"mabs h m AAA= a=b", Verb::histogram, "m", now_ms, "AAA=", "a=b"},
    {"mabs h m AA== by_node=True", Verb::histogram, "m", now_ms, "AA==", "by_node=True"},
    {"mabs h m a=b", Verb::histogram, "m", now_ms, "a=b", ""},
    {"mabs h m 1763750400 AA== a=b", Verb::histogram, "m", 1'763'750'400'000, "AA==", "a=b"},
    {"mabs h m 1763750400123 AA==", Verb::histogram, "m", 1'763'750'400'123, "AA==", ""},
    {"mabs h m 17637504001 a=b", Verb::histogram, "m", now_ms, "17637504001", "a=b"},
    {"mabs h m 1763750400 1763750400", Verb::histogram, "m", 1'763'750'400'000, "1763750400", ""},
    {"mabs h m 1763750400= a=b", Verb::histogram, "m", now_ms, "1763750400=", "a=b"},
    // Metric and tail are looked at later.
    {"mabs c a=b 1", Verb::counter, "a=b", now_ms, "1", ""},
    {"mabs c m 1 a=b word  =x", Verb::counter, "m", now_ms, "1", "a=b word  =x"},
    {"mabs c 1763750400 1763750400 1", Verb::counter, "1763750400", 1'763'750'400'000, "1", ""},
    {"mabs c mabs 1 mabs=mabs", Verb::counter, "mabs", now_ms, "1", "mabs=mabs"},
    {"put put 1763750400 1", Verb::put, "put", 1'763'750'400'000, "1", ""},
    {"sync x", Verb::sync, "", now_ms, "x", ""},
    {"sync sync", Verb::sync, "", now_ms, "sync", ""},
    {"sync " + std::string(255, 't'), Verb::sync, "", now_ms, std::string(255, 't'), ""},
    {"sync é=,{}\"\\", Verb::sync, "", now_ms, "é=,{}\"\\", ""},
    {"help", Verb::help},
    {"version", Verb::version},
    {"stats", Verb::stats},
    {"quit", Verb::quit},
    {"exit", Verb::quit},
    {"", Verb::blank},
    {" \t  ", Verb::blank},
};

void check_accepted(const Accepted& row, std::string_view text) {
    CAPTURE(text);
    Line line;
    const auto error = parse_line(text, window, line);
    REQUIRE(core::to_string(error.reason) == "none");
    REQUIRE(line.verb == row.verb);
    if (carries_data(row.verb)) {
        CHECK(line.metric == row.metric);
        CHECK(line.timestamp_ms == row.timestamp_ms);
        CHECK(line.tail == row.tail);
    }
    if (carries_data(row.verb) || row.verb == Verb::sync) {
        CHECK(line.value == row.value);
    }
}

TEST_CASE("lines that are taken") {
    for (const auto& row : accepted) {
        check_accepted(row, row.text);
    }
}

// Real clients send doubled and trailing blanks on every line.
TEST_CASE("blanks around and between fields make no difference") {
    for (const auto& row : accepted) {
        for (const std::string blanks : {"  ", "\t", " \t ", "\t\t\t\t\t\t\t\t\t"}) {
            auto text = row.text;
            for (auto at = text.find(' '); at != std::string::npos; at = text.find(' ', at + blanks.size())) {
                text.replace(at, 1, blanks);
            }
            auto wanted = row;
            for (auto at = wanted.tail.find(' '); at != std::string::npos;
                 at = wanted.tail.find(' ', at + blanks.size())) {
                wanted.tail.replace(at, 1, blanks); // the tail is as spelled, but for its ends
            }
            if (row.verb != Verb::blank) {
                check_accepted(wanted, blanks + text + blanks);
            }
            check_accepted(wanted, text + blanks);
        }
    }
}

TEST_CASE("the values that lines carry") {
    struct Row {
        const char* text;
        bool is_integer;
        std::int64_t integer;
        double number;
    };
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    const Row rows[] = {
        {"mabs c m 9223372036854775807", true, most, 0},
        {"mabs c m -9223372036854775808", true, least, 0},
        {"mabs c m +5", true, 5, 0},
        {"mabs c m -0", true, 0, 0},
        {"mabs g m 5", false, 0, 5.0},
        {"mabs g m +5", false, 0, 5.0},
        {"mabs g m -2.5", false, 0, -2.5},
        {"mabs g m 1.0E-5", false, 0, 1.0e-5},
        {"mabs g m 1e-400", false, 0, 0.0},
        {"mabs g m 9223372036854775807", false, 0, 9223372036854775808.0},
        {"mabs s m 1e+22", false, 0, 1e22},
        {"put m 1763750400 9223372036854775807", true, most, 0},
        {"put m 1763750400 -9223372036854775808", true, least, 0},
        {"put m 1763750400 +7", true, 7, 0},
        {"put m 1763750400 9223372036854775808", false, 0, 9223372036854775808.0},
        {"put m 1763750400 7.0", false, 0, 7.0},
        {"put m 1763750400 7e2", false, 0, 700.0},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        Line line;
        line.is_integer = !row.is_integer; // left over from the line before
        REQUIRE(!parse_line(row.text, window, line));
        if (line.verb == Verb::put || line.verb == Verb::counter) {
            CHECK(line.is_integer == row.is_integer);
        }
        if (row.is_integer) {
            CHECK(line.integer == row.integer);
        } else {
            CHECK(line.number == row.number);
        }
    }
}

struct Rejected {
    std::string text;
    RejectReason reason;
    std::uint32_t offset;
    std::uint32_t length;
};

const std::string t256(256, 't');

const std::vector<Rejected> rejected{
    {"foo", RejectReason::unknown_command, 0, 3},
    {"  foo bar", RejectReason::unknown_command, 2, 3},
    {"MABS c m 1", RejectReason::unknown_command, 0, 4},
    {"Put m 1763750400 1", RejectReason::unknown_command, 0, 3},
    {"mabsc m 1", RejectReason::unknown_command, 0, 5},
    {"mab", RejectReason::unknown_command, 0, 3},
    {"helpme", RejectReason::unknown_command, 0, 6},
    {"m 1 a=b", RejectReason::unknown_command, 0, 1},
    {"m:1|c", RejectReason::unknown_command, 0, 5},
    {"mabs", RejectReason::unknown_type, 4, 0},
    {"mabs  ", RejectReason::unknown_type, 4, 0},
    {"mabs counters m 1", RejectReason::unknown_type, 5, 8},
    {"mabs x m 1", RejectReason::unknown_type, 5, 1},
    {"mabs co m 1", RejectReason::unknown_type, 5, 2},
    {"mabs C m 1", RejectReason::unknown_type, 5, 1},
    {"mabs gauges m 1", RejectReason::unknown_type, 5, 6},
    {"mabs hist m 1", RejectReason::unknown_type, 5, 4},
    {"mabs ss m 1", RejectReason::unknown_type, 5, 2},
    {"mabs counter", RejectReason::missing_metric, 12, 0},
    {"put", RejectReason::missing_metric, 3, 0},
    {"mabs c m", RejectReason::missing_value, 8, 0},
    {"mabs c m a=b", RejectReason::missing_value, 9, 0},
    {"mabs h m", RejectReason::missing_value, 8, 0},
    {"mabs h m 1763750400", RejectReason::missing_value, 19, 0},
    {"put m", RejectReason::missing_timestamp, 5, 0},
    {"put m a=b", RejectReason::missing_timestamp, 6, 0},
    {"put m 1763750400", RejectReason::missing_value, 16, 0},
    {"put m 1763750400 a=b", RejectReason::missing_value, 17, 0},
    {"put m 5", RejectReason::missing_value, 7, 0},
    {"sync", RejectReason::missing_token, 4, 0},
    {"sync " + t256, RejectReason::bad_token, 5, 256},
    {"sync a\x7F", RejectReason::bad_token, 5, 2},
    {"sync \xFF", RejectReason::bad_token, 5, 1},
    {"sync a b", RejectReason::unexpected_field, 7, 1},
    {"help me  please", RejectReason::unexpected_field, 5, 10},
    {"version 2", RejectReason::unexpected_field, 8, 1},
    {"stats x", RejectReason::unexpected_field, 6, 1},
    {"quit now", RejectReason::unexpected_field, 5, 3},
    {"mabs c m 12 1", RejectReason::bad_timestamp, 9, 2},
    {"mabs g m 17637504001 1", RejectReason::bad_timestamp, 9, 11},
    {"mabs s m -763750400 1", RejectReason::bad_timestamp, 9, 10},
    {"mabs c m 1 2 3", RejectReason::bad_timestamp, 9, 1},
    {"put m now 1", RejectReason::bad_timestamp, 6, 3},
    {"put m 1763750400.5 1", RejectReason::bad_timestamp, 6, 12},
    {"mabs c m 0000000000 1", RejectReason::timestamp_too_old, 9, 10},
    {"mabs h m 9999999999999 AAAA", RejectReason::timestamp_too_far_ahead, 9, 13},
    {"mabs c m x", RejectReason::bad_value, 9, 1},
    {"mabs c m 1.0", RejectReason::bad_value, 9, 3},
    {"mabs c m 1e3", RejectReason::bad_value, 9, 3},
    {"mabs c m ++5", RejectReason::bad_value, 9, 3},
    {"mabs c m 1763750400 x", RejectReason::bad_value, 20, 1},
    {"mabs g m nan", RejectReason::bad_value, 9, 3},
    {"mabs g m -Infinity", RejectReason::bad_value, 9, 9},
    {"mabs g m 0x10", RejectReason::bad_value, 9, 4},
    {"mabs s m null", RejectReason::bad_value, 9, 4},
    {"mabs s m true", RejectReason::bad_value, 9, 4},
    {"put m 1763750400 NaN", RejectReason::bad_value, 17, 3},
    {"mabs c m 9223372036854775808", RejectReason::value_out_of_range, 9, 19},
    {"mabs c m -9223372036854775809", RejectReason::value_out_of_range, 9, 20},
    {"mabs g m 1e400", RejectReason::value_out_of_range, 9, 5},
    {"mabs s m -1e400", RejectReason::value_out_of_range, 9, 6},
    {"put m 1763750400 1e400", RejectReason::value_out_of_range, 17, 5},
    // What StatsD, Graphite and others say is not spoken.
    {"put m 1763750400 5|c", RejectReason::bad_value, 17, 3},
};

TEST_CASE("lines that are not") {
    for (const auto& [text, reason, offset, length] : rejected) {
        CAPTURE(text);
        Line line;
        const auto error = parse_line(text, window, line);
        CHECK(core::to_string(error.reason) == core::to_string(reason));
        CHECK(error.offset == offset);
        CHECK(error.length == length);
    }
}

TEST_CASE("the verb is told even of a wrong line, if there is one") {
    Line line;
    CHECK(parse_line("put m x 1", window, line));
    CHECK(line.verb == Verb::put); // whoever sends puts is no person typing
    CHECK(parse_line("mabs g m x", window, line));
    CHECK(line.verb == Verb::gauge);
    CHECK(parse_line("foo", window, line));
    CHECK(line.verb == Verb::blank);
}

TEST_CASE("timestamps at the edges of the window") {
    // A clock on a whole second, so that both forms can say the edges.
    constexpr std::int64_t now_s = 1'763'750'431;
    const auto around = TimeWindow::around(now_s * 1000);
    const auto verdict = [&](const std::string& timestamp) {
        Line line;
        return parse_line("mabs c m " + timestamp + " 1", around, line).reason;
    };
    constexpr std::int64_t day_s = 24 * 3600;
    constexpr std::int64_t ahead_s = 10 * 60;
    CHECK(verdict(std::to_string(now_s)) == RejectReason::none);
    CHECK(verdict(std::to_string(now_s - day_s)) == RejectReason::none);
    CHECK(verdict(std::to_string(now_s - day_s - 1)) == RejectReason::timestamp_too_old);
    CHECK(verdict(std::to_string(now_s + ahead_s)) == RejectReason::none);
    CHECK(verdict(std::to_string(now_s + ahead_s + 1)) == RejectReason::timestamp_too_far_ahead);
    CHECK(verdict(std::to_string((now_s - day_s) * 1000)) == RejectReason::none);
    CHECK(verdict(std::to_string((now_s - day_s) * 1000 - 1)) == RejectReason::timestamp_too_old);
    CHECK(verdict(std::to_string((now_s + ahead_s) * 1000)) == RejectReason::none);
    CHECK(verdict(std::to_string((now_s + ahead_s) * 1000 + 1)) == RejectReason::timestamp_too_far_ahead);
    CHECK(verdict("0000000000000") == RejectReason::timestamp_too_old);
    CHECK(verdict("9999999999999") == RejectReason::timestamp_too_far_ahead);
}

} // namespace
} // namespace agent::mabs
