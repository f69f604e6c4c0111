#include "mabs/line_error.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using core::RejectReason;
using namespace std::string_literals;

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

std::string message(std::string_view line, LineError error, std::string_view detail = {}) {
    std::string out;
    append_message(out, line, error, detail);
    return out;
}

TEST_CASE("text is quoted with what is not printable made visible") {
    struct Row {
        std::string text;
        std::string shown;
    };
    const Row rows[] = {
        {"", R"("")"},
        {"abc", R"("abc")"},
        {"a b", R"("a b")"},
        {"a\tb", R"("a\x09b")"},
        {"a\0b"s, R"("a\x00b")"},
        {"\x7F", R"("\x7f")"},
        {"\x1B[31mred", R"("\x1b[31mred")"}, // a terminal must not be told anything
        {"Größe 日本", R"("Größe 日本")"},
        {"\xC2\x85x", R"("\xc2\x85x")"},
        {"\xFF\xFEx", R"("\xff\xfex")"},
        {"cut \xE2\x82", R"("cut \xe2\x82")"},
        {"\uFEFFmabs", R"("\xef\xbb\xbfmabs")"}, // else `"mabs" is no command`
        {"a\u00A0b", R"("a\xc2\xa0b")"},
        {"a\u2000\u200Ab", R"("a\xe2\x80\x80\xe2\x80\x8ab")"},
        {"1\u202F000", R"("1\xe2\x80\xaf000")"},
        {"1\u205F", R"("1\xe2\x81\x9f")"},
        {"日\u3000本", R"("日\xe3\x80\x80本")"},
        {"a\u200Bb\u200F", R"("a\xe2\x80\x8bb\xe2\x80\x8f")"},
        {"\u202Etxt\u202A", R"("\xe2\x80\xaetxt\xe2\x80\xaa")"},
        {"\u2066x\u2069", R"("\xe2\x81\xa6x\xe2\x81\xa9")"},
        {"soft\u00ADhyphen", R"("soft\xc2\xadhyphen")"},
        {"\u2028\u2029", R"("\xe2\x80\xa8\xe2\x80\xa9")"},
    };
    for (const auto& [text, shown] : rows) {
        CHECK(quoted(text) == shown);
    }
}

TEST_CASE("quoted text is cut to 64 bytes") {
    const std::string a63(63, 'a');
    CHECK(quoted(a63 + "b") == "\"" + a63 + "b\"");
    CHECK(quoted(a63 + "bc") == "\"" + a63 + "b\"...");
    CHECK(quoted(a63 + std::string(100'000, 'b')) == "\"" + a63 + "b\"...");
}

TEST_CASE("quoted text is not cut in the middle of a character") {
    const std::string a62(62, 'a');
    CHECK(quoted(a62 + "é") == "\"" + a62 + "é\"");
    CHECK(quoted(a62 + "éb") == "\"" + a62 + "é\"...");
    CHECK(quoted(a62 + "aé") == "\"" + a62 + "a\"...");
    CHECK(quoted(a62 + "日") == "\"" + a62 + "\"...");
    CHECK(quoted(a62 + "😀") == "\"" + a62 + "\"...");
    CHECK(quoted(a62 + "a😀x") == "\"" + a62 + "a\"...");
}

TEST_CASE("a message shows the offending part of the line and says what is wrong with it") {
    CHECK(message("mabs c a 1 b", {RejectReason::bad_timestamp, 9, 1}).starts_with(R"("1" is no timestamp: )"));
    CHECK(message("foo bar", {RejectReason::unknown_command, 0, 3}) == R"("foo" is no command; "help" lists them)");
    CHECK(message("mabs c a 1 =v", {RejectReason::bad_tag_name, 11, 2}).starts_with(R"("=v" has no valid tag name)"));
}

TEST_CASE("an error about the value says which type wants what") {
    struct Row {
        std::string line;
        RejectReason reason;
        std::uint32_t offset;
        std::string shown;
    };
    const std::string decimal = "a decimal number (such as 1, -2.5 or 1e-5)";
    const Row rows[] = {
        {"mabs counter a 1.5", RejectReason::bad_value, 15, R"(counter wants a decimal integer (int64), got "1.5")"},
        {"  mabs \t c a 1.5", RejectReason::bad_value, 13, R"(counter wants a decimal integer (int64), got "1.5")"},
        {"mabs gauge a NaN", RejectReason::bad_value, 13, "gauge wants " + decimal + R"(, got "NaN")"},
        {"mabs s a 0x1", RejectReason::bad_value, 9, "sample wants " + decimal + R"(, got "0x1")"},
        {"put a 1763750400 x", RejectReason::bad_value, 17, "put wants " + decimal + R"(, got "x")"},
        {"mabs c a 99999999999999999999", RejectReason::value_out_of_range, 9,
         "counter wants an integer from -9223372036854775808 to 9223372036854775807, got \"99999999999999999999\""},
        {"mabs g a -1e999", RejectReason::value_out_of_range, 9,
         R"(gauge wants a number below 1.8e308 (double), got "-1e999")"},
        {"put a 1763750400 1e999", RejectReason::value_out_of_range, 17,
         R"(put wants a number below 1.8e308 (double), got "1e999")"},
        {"mabs h a 12.5", RejectReason::bad_base64, 9,
         R"(histogram wants a Base64 t-digest (standard alphabet, one line), got "12.5")"},
    };
    for (const auto& [line, reason, offset, shown] : rows) {
        CAPTURE(line);
        CHECK(message(line, {reason, offset, static_cast<std::uint32_t>(line.size()) - offset}) == shown);
    }
    CHECK(message("mabs h a 1", {RejectReason::bad_base64, 9, 1}, "detail").ends_with(R"(, got "1": detail)"));
    CHECK(message("mabs c a " + std::string(100, 'x'), {RejectReason::bad_value, 9, 100})
              .ends_with("\"" + std::string(64, 'x') + "\"..."));
    CHECK(message("mabs counter a", {RejectReason::missing_value, 14, 0}) ==
          "the value is missing: counter wants a decimal integer (int64)");
    CHECK(message("mabs h a x=1", {RejectReason::missing_value, 9, 0}) ==
          "the value is missing: histogram wants a Base64 t-digest (standard alphabet, one line)");
}

TEST_CASE("where something is missing nothing is quoted") {
    CHECK(message("mabs counter", {RejectReason::missing_metric, 12, 0}) == "the metric's name is missing");
    CHECK(message("put a", {RejectReason::missing_timestamp, 5, 0}) == "the timestamp is missing; a put needs one");
}

TEST_CASE("a line that is too long, or one that came at the wrong time, is not repeated") {
    CHECK(message("", {RejectReason::line_too_long, 0, 0}) == "line is longer than 65536 bytes");
    CHECK(message("mabs c a 1", {RejectReason::overloaded, 0, 10}).find("mabs") == std::string::npos);
}

TEST_CASE("of an overload the detail is all that is told: the usual reasons are not meant") {
    CHECK(message("mabs c a 1", {RejectReason::overloaded, 0, 0}) ==
          "the agent is out of its memory limit or its journal is too far behind");
    CHECK(message("mabs c a 1", {RejectReason::overloaded, 0, 0}, "it took too long to come") ==
          "it took too long to come");
    CHECK(message("mabs c a 1", {RejectReason::overloaded, 0, 10}, "it took too long to come") ==
          "it took too long to come");
}

TEST_CASE("a line without its LF is repeated") {
    CHECK(message("last", {RejectReason::unterminated_line, 0, 4}) ==
          R"("last" has no LF behind it: the stream ended)");
}

TEST_CASE("the detail stands behind") {
    CHECK(message("mabs h a AAAA", {RejectReason::bad_digest, 9, 4}, "3 bytes are too few") ==
          R"("AAAA" is not a serialized t-digest: 3 bytes are too few)");
}

TEST_CASE("every reason has an explanation of its own, on one line") {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < core::reject_reason_count; ++i) {
        const auto reason = static_cast<RejectReason>(i);
        const auto text = message("the line", {reason, 0, 0});
        CAPTURE(core::to_string(reason));
        CHECK(!text.empty());
        CHECK(text != "is wrong");
        CHECK(text.find('\n') == std::string::npos);
        CHECK(seen.insert(text).second);
    }
}

TEST_CASE("appending keeps what is there") {
    std::string out = "error 7 bad_value: ";
    append_message(out, "x", {RejectReason::bad_value, 0, 1});
    CHECK(out == R"(error 7 bad_value: "x" is not a value of this type)");
}

TEST_CASE("control characters and invalid UTF-8 outrank every other error") {
    struct Row {
        std::string line;
        RejectReason reason;
        std::uint32_t offset;
        std::uint32_t length;
    };
    const Row rows[] = {
        {"fine text\twith a tab é", RejectReason::bad_value, 5, 4}, // the error that was found
        {"abcdefghi\x01", RejectReason::control_character, 9, 1},   // behind it
        {"\x01"
         "abcdefghi",
         RejectReason::control_character, 0, 1},
        {"abcdefghi\0"s, RejectReason::control_character, 9, 1},
        {"abcdefghi\r", RejectReason::control_character, 9, 1},
        {"abcdefghi\x7F", RejectReason::control_character, 9, 1},
        {"abcdefghi\xC2\x9B", RejectReason::control_character, 9, 2},
        {"abcdefghi\xFF", RejectReason::invalid_utf8, 9, 1},
        {"abcdefghi\xED\xA0\x80", RejectReason::invalid_utf8, 9, 1},
        {"abc\xFF\x01", RejectReason::invalid_utf8, 3, 1}, // the first of both kinds
        {"abc\x01\xFF", RejectReason::control_character, 3, 1},
    };
    for (const auto& [line, reason, offset, length] : rows) {
        CAPTURE(line);
        const auto error = outranking_error(line, {RejectReason::bad_value, 5, 4});
        CHECK(error.reason == reason);
        CHECK(error.offset == offset);
        CHECK(error.length == length);
    }
}

TEST_CASE("but not that there was no line at all") {
    const auto error = outranking_error("mabs c a 1\r", {RejectReason::unterminated_line, 0, 11});
    CHECK(error.reason == RejectReason::unterminated_line);
    CHECK(error.length == 11);
}

TEST_CASE("no reason, no error") {
    CHECK(!LineError{});
    CHECK(LineError{RejectReason::bad_tag, 0, 0});
}

} // namespace
} // namespace agent::mabs
