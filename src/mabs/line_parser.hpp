// One line of the protocol, taken apart by position. Nothing is allocated; the views point into the line.
//
//   line    = blanks [ sample | point | command ] blanks          (no LF, no CR before it)
//   sample  = "mabs" type metric [timestamp] value *tag           type = counter|c, gauge|g, histogram|h, sample|s
//   point   = "put" metric timestamp value *tag
//   command = "sync" token | "help" | "version" | "stats" | "quit" | "exit"
//   fields are separated by runs of spaces and tabs; tag = name "=" value
//
// For histograms a first field of 10 or 13 digits is the timestamp, and the next one the digest, `=` padding included.
// For the others two fields without `=` are timestamp and value, one is the value. A put always has both.
#pragma once

#include "mabs/line_error.hpp"

#include <cstdint>
#include <string_view>

namespace agent::mabs {

enum class Verb : std::uint8_t {
    blank, // nothing on the line
    counter,
    gauge,
    histogram,
    sample,
    put,
    sync,
    help,
    version,
    stats,
    quit,
};

constexpr bool carries_data(Verb verb) {
    return verb >= Verb::counter && verb <= Verb::put;
}

// Timestamps outside [oldest_ms, newest_ms] are rejected; a line without one gets now_ms.
struct TimeWindow {
    std::int64_t now_ms = 0;
    std::int64_t oldest_ms = 0;
    std::int64_t newest_ms = 0;

    // The window that core::limits gives around `now_ms`.
    static TimeWindow around(std::int64_t now_ms);
};

struct Line {
    Verb verb = Verb::blank;
    bool is_integer = false; // counter: always; put: as written; which of the two values holds
    std::string_view metric; // not yet checked: parse_tags' file says why
    std::string_view tail;   // the tags as spelled, without blanks at either end; not yet checked
    std::int64_t timestamp_ms = 0;
    std::int64_t integer = 0;
    double number = 0;      // gauge, sample, put that is no integer
    std::string_view value; // as spelled; histogram: the Base64 text; sync: the token
};

// Fills `out`, or returns false and the first error from the left; `out` is then of no use except for out.verb, which
// is `blank` where even that is unknown. Metric and tail are left to check_metric() and parse_tags().
bool parse_line(std::string_view text, const TimeWindow& window, Line& out, LineError& error);

// The same for those who are in no hurry.
inline LineError parse_line(std::string_view text, const TimeWindow& window, Line& out) {
    LineError error;
    parse_line(text, window, out, error);
    return error;
}

} // namespace agent::mabs
