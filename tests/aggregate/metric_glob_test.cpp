#include "aggregate/metric_glob.hpp"

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

bool matches(std::string_view glob, std::string_view metric) {
    const auto compiled = MetricGlob::compile(glob);
    REQUIRE(compiled.has_value());
    return compiled->matches(metric);
}

struct Row {
    std::string glob;
    std::string metric;
};

TEST_CASE("what matches") {
    const Row rows[] = {
        {"a", "a"},
        {"a.b", "a.b"},
        {"*", ""},
        {"*", "anything"},
        {"**", "x"},
        {"a*", "a"},
        {"a*", "abc"},
        {"*a", "a"},
        {"*a", "cba"},
        {"a*c", "ac"},
        {"a*c", "abcabc"},
        {"*b*", "abc"},
        {"*b*", "b"},
        {"a*b*c", "a1b2b3c4c"},
        {"?", "x"},
        {"?", "é"},
        {"?", "日"},
        {"?", "😀"},
        {"a?c", "aéc"},
        {"??", "é😀"},
        {"*?", "日"},
        {"?*", "日本語"},
        {"*?é", "xyéé"},
        {"[abc]", "b"},
        {"[a-c]x", "cx"},
        {"[a-cx-z]", "y"},
        {"[a-]", "-"},
        {"[-a]", "-"},
        {"[]]", "]"},
        {"[]a]", "a"},
        {"[!]]", "a"},
        {"[!a]", "b"},
        {"[^a]", "b"},
        {"[!a]", "é"},
        {"[!a-z]*", "9x"},
        {"[a!]", "!"},
        {"[*]", "*"},
        {"[?]", "?"},
        {"[[]", "["},
        {"]", "]"},
        {"a-b", "a-b"},
        {"Größe.*", "Größe.x"},
        {"*ß*", "Größe"},
        {"tmp.*.requests", "tmp.web.requests"},
        {"tmp.*.requests", "tmp..requests"},
        {"x*aab", "xaaaaab"},
        {"*aab*aab", "aabaab"},
    };
    for (const auto& [glob, metric] : rows) {
        CAPTURE(glob);
        CAPTURE(metric);
        CHECK(matches(glob, metric));
    }
}

TEST_CASE("what does not") {
    const Row rows[] = {
        {"a", ""},
        {"a", "b"},
        {"a", "aa"},
        {"a", "A"},
        {"a.b", "axb"},
        {"ab", "a"},
        {"a*", "ba"},
        {"a*", "b"},
        {"*a", "ab"},
        {"a*c", "acb"},
        {"a*b*c", "acb"},
        {"aa*aa", "aaa"},
        {"*ab*ab", "ab"},
        {"?", ""},
        {"?", "ab"},
        {"??", "é"},
        {"???", "日"}, // three bytes, one character
        {"[abc]", "d"},
        {"[abc]", ""},
        {"[abc]", "ab"},
        {"[a-c]", "-"},
        {"[!a]", "a"},
        {"[!a-c]", "b"},
        {"[!a]", ""},
        {"[!a]", "éé"},
        {"[*]", "x"},
        {"tmp.*", "tmp"},
        {"ü*", "ö"}, // they share their first byte
        {"*\xC3\xBC", "\xC3\xB6"},
    };
    for (const auto& [glob, metric] : rows) {
        CAPTURE(glob);
        CAPTURE(metric);
        CHECK(!matches(glob, metric));
    }
}

TEST_CASE("bad globs name the fault and its place") {
    struct Bad {
        std::string glob;
        GlobFault fault;
        std::size_t offset;
    };
    const Bad rows[] = {
        {"", GlobFault::empty, 0},
        {std::string(256, 'a'), GlobFault::too_long, 255},
        {"a b", GlobFault::not_in_names, 1},
        {"a,b", GlobFault::not_in_names, 1},
        {"ab=c", GlobFault::not_in_names, 2},
        {"{a}", GlobFault::not_in_names, 0},
        {"a\\*", GlobFault::not_in_names, 1},
        {"\"a\"", GlobFault::not_in_names, 0},
        {"a\tb", GlobFault::not_in_names, 1},
        {"a\x7F", GlobFault::not_in_names, 1},
        {"[a b]", GlobFault::not_in_names, 2},
        {"ab\xFF", GlobFault::invalid_utf8, 2},
        {"\xC3", GlobFault::invalid_utf8, 0},
        {"[", GlobFault::unclosed_class, 0},
        {"a[", GlobFault::unclosed_class, 1},
        {"a[]", GlobFault::unclosed_class, 1},
        {"a[!]", GlobFault::unclosed_class, 1},
        {"a[bc", GlobFault::unclosed_class, 1},
        {"a[b-", GlobFault::unclosed_class, 1},
        {"[ab][cd", GlobFault::unclosed_class, 4},
        {"[é]", GlobFault::not_ascii_in_class, 1},
        {"[aé]", GlobFault::not_ascii_in_class, 2},
        {"[a-é]", GlobFault::not_ascii_in_class, 3},
        {"[z-a]", GlobFault::reversed_range, 1},
    };
    for (const auto& [glob, fault, offset] : rows) {
        CAPTURE(glob);
        const auto compiled = MetricGlob::compile(glob);
        REQUIRE(compiled.has_error());
        CHECK((compiled.error().fault == fault));
        CHECK(compiled.error().offset == offset);
        CHECK(!compiled.error().message().empty());
    }
    CHECK(MetricGlob::compile("ab=c").error().message().starts_with("byte 3: "));
}

TEST_CASE("patterns that fill all words, and end at their edges") {
    for (const std::size_t size : {62U, 63U, 64U, 65U, 127U, 128U, 129U, 191U, 192U, 193U, 254U, 255U}) {
        CAPTURE(size);
        const std::string marks(size, '?');
        CHECK(matches(marks, std::string(size, 'x')));
        CHECK(!matches(marks, std::string(size - 1, 'x')));
        CHECK(!matches(marks, std::string(size + 1, 'x')));
        std::string last = marks;
        last.back() = 'z';
        CHECK(matches(last, std::string(size - 1, 'x') + "z"));
        CHECK(!matches(last, std::string(size, 'x')));
        last.back() = '*';
        CHECK(matches(last, std::string(size - 1, 'x')));
        CHECK(matches(last, std::string(255, 'x')));
        CHECK(!matches(last, std::string(size - 2, 'x')));
    }
}

// By the definition: every way to cut the name is tried.
bool matches_slowly(std::string_view glob, std::string_view metric) {
    if (glob.empty()) {
        return metric.empty();
    }
    if (glob[0] == '*') {
        return matches_slowly(glob.substr(1), metric) || (!metric.empty() && matches_slowly(glob, metric.substr(1)));
    }
    if (metric.empty()) {
        return false;
    }
    if (glob[0] == '[') { // [!a] alone is made below
        return metric[0] != 'a' && matches_slowly(glob.substr(4), metric.substr(1));
    }
    return (glob[0] == '?' || glob[0] == metric[0]) && matches_slowly(glob.substr(1), metric.substr(1));
}

TEST_CASE("random patterns match as the definition says") {
    std::mt19937 random(7); // NOLINT: the same in every run
    const std::vector<std::string> parts{"a", "b", "*", "?", "[!a]", "ab", "*a"};
    for (int i = 0; i < 20'000; ++i) {
        std::string glob;
        for (auto left = 1 + random() % 6; left > 0; --left) {
            glob += parts[random() % parts.size()];
        }
        std::string metric;
        for (auto left = random() % 9; left > 0; --left) {
            metric.push_back("aab"[random() % 3]);
        }
        CAPTURE(glob);
        CAPTURE(metric);
        REQUIRE(matches(glob, metric) == matches_slowly(glob, metric));
    }
}

TEST_CASE("no pattern makes it slow") {
    // A matcher that tries again from each star needs more steps here than there are nanoseconds in a year.
    std::string stars;
    for (int i = 0; i < 100; ++i) {
        stars += "*a";
    }
    const auto glob = MetricGlob::compile(stars + "*b");
    REQUIRE(glob.has_value());
    const std::string name(255, 'a');
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(!glob->matches(name));
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

} // namespace
} // namespace agent::aggregate
