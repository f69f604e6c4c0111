#include "tail/line_pattern.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using namespace std::string_view_literals;

bool is_found(std::string_view pattern, std::string_view line) {
    const auto compiled = LinePattern::compile(pattern);
    REQUIRE(compiled.has_value());
    return compiled->is_in(line);
}

TEST_CASE("lines that a pattern is found in, and lines that it is not") {
    struct Row {
        std::string_view pattern;
        std::string_view line;
        bool is_found;
    };
    const Row rows[] = {
        {R"(^\d{4}-\d\d-\d\d )", "2026-11-22 08:00 started", true},
        {R"(^\d{4}-\d\d-\d\d )", " at 2026-11-22 08:00", false},
        {R"(^\S)", "\tat Main.java:3", false},
        {R"(^\S)", "Exception", true},
        {R"(^\S)", "", false},
        {"^(?!\\s)", "", true},
        {"b", "abc", true},
        {"^b", "a\rb", false}, // one line: what stands behind a CR begins none
        {"^b", "a\fb", false},
        {"c$", "abc", true},
        {"(?i)error", "An ERROR", true},
        {"\\xff", "a\xFF\xFE", true}, // bytes
        {"^.\\z", "\xC3\xA4", false},
        {"a.b", "a\0b"sv, true},
    };
    for (const auto& [pattern, line, expected] : rows) {
        CAPTURE(pattern);
        CAPTURE(line);
        CHECK(is_found(pattern, line) == expected);
    }
}

TEST_CASE("what is no regular expression says why and where") {
    struct Row {
        std::string_view pattern;
        std::string_view fault;
    };
    const Row rows[] = {{"", "empty"},    {"(a", "byte 3: "},  {"a)", "byte 2: "},
                        {"[a", "byte "},  {"a{2,1}", "byte "}, {"*a", "byte 1: "},
                        {"a\\", "byte "}, {"(?<n", "byte "},   {"[[:nope:]]", "byte "}};
    for (const auto& [pattern, fault] : rows) {
        CAPTURE(pattern);
        const auto compiled = LinePattern::compile(pattern);
        REQUIRE(!compiled.has_value());
        CAPTURE(compiled.error());
        CHECK(compiled.error().starts_with(fault));
        CHECK(compiled.error().find("HERE") == std::string::npos);
    }
}

// With std::regex this ends in a stack overflow.
TEST_CASE("a long line takes no stack") {
    const std::string line(1 << 20, 'a');
    CHECK(is_found("^(a|b)*$", line));
    CHECK(!is_found("^(a|b)*c", line.substr(0, 100'000)));
}

TEST_CASE("a search without end is given up") {
    CHECK(!is_found("^(a+)+$", std::string(64, 'a') + "b"));
}

} // namespace
} // namespace agent::tail
