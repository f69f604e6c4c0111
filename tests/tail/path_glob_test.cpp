#include "tail/path_glob.hpp"

#include "core/limits.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using namespace std::string_view_literals;

PathGlob glob(std::string_view text) {
    CAPTURE(text);
    auto compiled = PathGlob::compile(text);
    REQUIRE_MESSAGE(compiled.has_value(), (compiled ? "" : compiled.error()));
    return *std::move(compiled);
}

std::string fault(std::string_view text) {
    const auto compiled = PathGlob::compile(text);
    return compiled ? "" : compiled.error();
}

TEST_CASE("paths that match, and paths that do not") {
    struct Row {
        std::string_view glob;
        std::string_view path;
        bool is_match;
    };
    const Row rows[] = {
        {"/var/log/a.log", "/var/log/a.log", true},
        {"/var/log/a.log", "/var/log/a.log2", false},
        {"/var/log/a.log", "/var/log/a.lo", false},
        {"/var/log/a.log", "/var/log", false},
        {"/var/log/a.log", "/var/log/a.log/b", false},
        {"/var/log/a.log", "var/log/a.log", false},
        {"/var/log/a.log", "", false},
        {"/a", "/", false},
        {"/*", "/", false},
        {"/*", "/a", true},
        {"/*", "/.a", true}, // a leading dot is a byte
        {"/var/log/*.log", "/var/log/a.log", true},
        {"/var/log/*.log", "/var/log/.log", true},
        {"/var/log/*.log", "/var/log/a/b.log", false},
        {"/var/log/*.log", "/var/log/a.log.1", false},
        {"/var/*/a.log", "/var/b/a.log", true},
        {"/var/*/a.log", "/var/a.log", false},
        {"/var/*/a.log", "/var//a.log", false},
        {"/var/*/a.log", "/var/b/c/a.log", false},
        {"/a*b*c", "/abc", true},
        {"/a*b*c", "/aXbYbZc", true},
        {"/a*b*c", "/aXbYcZ", false},
        {"/a**c", "/abbc", true}, // no component of its own: as one star
        {"/a**c", "/a/c", false},
        {"/***", "/abc", true},
        {"/***", "/a/c", false},
        {"/a?c", "/abc", true},
        {"/a?c", "/ac", false},
        {"/a?c", "/a/c", false},
        {"/a?", "/ab", true},
        {"/a?", "/a", false},
        {"/a?", "/a\xC3\xA4", false}, // two bytes
        {"/a??", "/a\xC3\xA4", true},
        // classes
        {"/[abc]", "/b", true},
        {"/[abc]", "/d", false},
        {"/[abc]", "/", false},
        {"/[a-c]x", "/bx", true},
        {"/[a-c]x", "/dx", false},
        {"/[a-c]x", "/-x", false},
        {"/[ac-]", "/-", true},
        {"/[-ac]", "/-", true},
        {"/[!a]", "/b", true},
        {"/[!a]", "/a", false},
        {"/[!a]", "/!", true},
        {"/[^a]", "/b", true},
        {"/[^a]", "/a", false},
        {"/[a^]", "/^", true},
        {"/[a!]", "/!", true},
        {"/[!a-y]", "/z", true},
        {"/[!a-y]", "/m", false},
        {"/x[!a]y", "/x/y", false},
        {"/[]]", "/]", true},
        {"/[]a]", "/a", true},
        {"/[!]]", "/]", false},
        {"/[!]]", "/a", true},
        {"/[]-a]", "/^", true},
        {"/[*?]", "/*", true},
        {"/[*?]", "/a", false},
        {"/[[]", "/[", true},
        {R"(/[\])", R"(/\)", true}, // it takes nothing as it is in here
        {R"(/[\a])", R"(/\)", true},
        {"/a[0-9][0-9]*z", "/a12z", true},
        {"/a[0-9][0-9]*z", "/a1z", false},
        {"/a]", "/a]", true},
        // a backslash
        {R"(/\*)", "/*", true},
        {R"(/\*)", "/a", false},
        {R"(/\**)", "/*a", true},
        {R"(/\[a])", "/[a]", true},
        {R"(/\\)", R"(/\)", true},
        {R"(/\a)", "/a", true},
        {R"(/\*\*/a)", "/**/a", true},
        {R"(/\*\*/a)", "/b/a", false},
        {R"(/*\?)", "/a?", true},
        {R"(/*\?)", "/ab", false},
        // any directories
        {"/a/**/b.log", "/a/b.log", true},
        {"/a/**/b.log", "/a/x/b.log", true},
        {"/a/**/b.log", "/a/x/y/b.log", true},
        {"/a/**/b.log", "/a/x/y/b.log/c", false},
        {"/a/**/b.log", "/ab.log", false},
        {"/a/**/b.log", "/a/xb.log", false},
        {"/a/**/b.log", "/a//b.log", false},
        {"/a/**/b.log", "/b/b.log", false},
        {"/a/**/b.log", "/a", false},
        {"/a/**", "/a/b", true},
        {"/a/**", "/a/b/c", true},
        {"/a/**", "/a", false},
        {"/a/**", "/a/", false},
        {"/a/**", "/ab", false},
        {"/a/**/**", "/a/b", true},
        {"/a/**/**/c", "/a/c", true},
        {"/a/**/*", "/a/b", true},
        {"/a/**/*/c", "/a/c", false},
        {"/a/**/*/c", "/a/b/c", true},
        {"/**", "/a", true},
        {"/**", "/a/b", true},
        {"/**", "/", false},
        {"/**/a", "/a", true},
        {"/**/a", "/b/a", true},
        {"/**/a", "/a/b", false},
        {"/**/x/**/y", "/x/y", true},
        {"/**/x/**/y", "/a/x/b/x/y", true},
        {"/**/x/**/y", "/x/a/y/b", false},
        {"/**/x/**/y", "/y/x", false},
        {"/**/a/b/**/a/b", "/a/a/b/b/a/a/b", true},
        {"/**/a/b/**/a/b", "/a/b/b", false},
        {"/**/a/*/c", "/a/a/b/c", true},
        {"/**/*.log", "/x/.hidden/a.log", true},
    };
    for (const auto& [text, path, is_match] : rows) {
        CAPTURE(text);
        CAPTURE(path);
        CHECK(glob(text).matches(path) == is_match);
    }
}

TEST_CASE("bytes are compared, whatever they encode") {
    CHECK(glob("/\xFF*").matches("/\xFF\xFE.log"));
    CHECK(!glob("/\xFF*").matches("/\xFE"));
    CHECK(glob("/a?.log").matches("/a\xFF.log"));
    CHECK(glob("/[\xF0-\xFF]").matches("/\xFE"));
    CHECK(!glob("/[\xF0-\xFF]").matches("/\x7F"));
    CHECK(glob("/[!a]").matches("/\x80"));
    CHECK(glob("/a b\t\n*").matches("/a b\t\nc"));
    CHECK(glob("/*").matches("/\x01"));
}

TEST_CASE("what is no glob says why and where") {
    struct Row {
        std::string_view text;
        std::string_view fault; // its beginning
    };
    const std::string too_long = "/" + std::string(core::limits::max_path_bytes, 'a');
    const Row rows[] = {
        {"", "empty"},
        {"a", "not an absolute path"},
        {"a/b.log", "not an absolute path"},
        {"*", "not an absolute path"},
        {"**/a", "not an absolute path"},
        {R"(\/a)", "not an absolute path"},
        {"./a", "not an absolute path"},
        {"/", "byte 2: an empty name"},
        {"//a", "byte 2: an empty name"},
        {"/a//b", "byte 4: an empty name"},
        {"/a/", "byte 4: an empty name"},
        {"/a/**/", "byte 7: an empty name"},
        {"/.", "byte 2: no \".\""},
        {"/..", "byte 2: no \".\""},
        {"/a/./b", "byte 4: no \".\""},
        {"/a/../b", "byte 4: no \".\""},
        {R"(/a/\../b)", "byte 4: no \".\""},
        {"/a[", "byte 3: \"[\""},
        {"/a[b", "byte 3: \"[\""},
        {"/a[]", "byte 3: \"[\""},
        {"/a[!]", "byte 3: \"[\""},
        {"/a[!", "byte 3: \"[\""},
        {"/a[b/c]", "byte 3: \"[\""}, // a class is in one name
        {"/x/y[z-a]", "byte 6: a range"},
        {"/[ac-b]", "byte 4: a range"},
        {"/[[:digit:]]", "byte 2: named classes"},
        {R"(/a\)", "byte 3: \"\\\""},
        {R"(/a\/b)", "byte 3: \"\\\""},
        {"/a\0b"sv, "byte 3: a NUL"},
        {"/a\\\0b"sv, "byte 4: a NUL"},
        {too_long, "longer than 4096 bytes"},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        CAPTURE(fault(text));
        CHECK(!fault(text).empty());
        CHECK(fault(text).starts_with(expected));
    }
    CHECK(glob("/" + std::string(core::limits::max_path_bytes - 1, 'a')).base() == "/");
    CHECK(fault("/...").empty());
    CHECK(fault("/.a/..b/a..").empty());
}

TEST_CASE("the directory that every match is below") {
    struct Row {
        std::string_view glob;
        std::string_view base;
    };
    const Row rows[] = {
        {"/var/log/*/x.log", "/var/log"},
        {"/var/log/x.log", "/var/log"},
        {"/var/log/*", "/var/log"},
        {"/var/log/**", "/var/log"},
        {"/var/**/x/y.log", "/var"},
        {"/var/l?g/x", "/var"},
        {"/var/[l]og/x", "/var"},
        {"/*.log", "/"},
        {"/x.log", "/"},
        {"/**", "/"},
        {R"(/a/\[b\]/c*)", "/a/[b]"},
        {R"(/a/\*/b/*)", "/a/*/b"},
        {"/a\xFF/b", "/a\xFF"},
    };
    for (const auto& [text, base] : rows) {
        CAPTURE(text);
        CHECK(glob(text).base() == base);
        CHECK(glob(text).text() == text);
        CHECK(glob(text).may_match_below(glob(text).base()));
    }
}

TEST_CASE("directories that a scan has to go into") {
    struct Row {
        std::string_view glob;
        std::string_view directory;
        bool may_match;
    };
    const Row rows[] = {
        {"/a/b/*.log", "/", true},
        {"/a/b/*.log", "/a", true},
        {"/a/b/*.log", "/a/b", true},
        {"/a/b/*.log", "/a/b/c", false},
        {"/a/b/*.log", "/a/b/c.log", false}, // it has the name of a file
        {"/a/b/*.log", "/a/c", false},
        {"/a/b/*.log", "/b", false},
        {"/a/b/*.log", "a", false},
        {"/a/b/*.log", "", false},
        {"/a/*/c", "/a/x", true},
        {"/a/*/c", "/a/x/c", false},
        {"/a/*/c", "/a/x/y", false},
        {"/a/x[12]/c", "/a/x2", true},
        {"/a/x[12]/c", "/a/x3", false},
        {"/a/**/c", "/", true},
        {"/a/**/c", "/a", true},
        {"/a/**/c", "/a/x/y/z", true},
        {"/a/**/c", "/a/c", true}, // /a/c/c
        {"/a/**/c", "/b", false},
        {"/a/**/c", "/ab", false},
        {"/a/**", "/a", true},
        {"/a/**", "/a/b/c", true},
        {"/a/**", "/b", false},
        {"/**", "/x", true},
        {"/*", "/", true},
        {"/*", "/a", false},
    };
    for (const auto& [text, directory, may_match] : rows) {
        CAPTURE(text);
        CAPTURE(directory);
        CHECK(glob(text).may_match_below(directory) == may_match);
    }
}

TEST_CASE("a path that is escaped matches itself alone") {
    for (const auto path : {"/a/b.log"sv, "/a/[b]*?\\c/d"sv, "/**/x"sv, "/a/\xFF\n"sv, "/]"sv, "/!-^"sv}) {
        CAPTURE(path);
        const auto escaped = glob(PathGlob::escape(path));
        CHECK(escaped.matches(path));
        CHECK(escaped.base() + (escaped.base() == "/" ? "" : "/") == std::string(path.substr(0, path.rfind('/') + 1)));
    }
    CHECK(!glob(PathGlob::escape("/a*")).matches("/ab"));
    CHECK(!glob(PathGlob::escape("/[ab]")).matches("/a"));
}

// One that tries all ways that stars can be stretched would not come back.
TEST_CASE("many stars cost no more than the product of the lengths") {
    std::string stars = "/";
    for (int i = 0; i < 1000; ++i) {
        stars += "a*";
    }
    CHECK(!glob(stars + "b").matches("/" + std::string(4000, 'a')));
    CHECK(glob(stars + "b").matches("/" + std::string(4000, 'a') + "b"));
    std::string any;
    std::string path;
    for (int i = 0; i < 600; ++i) {
        any += "/**/a";
        path += "/a/a/a";
    }
    CHECK(!glob(any + "/b").matches(path));
    CHECK(glob(any + "/b").matches(path + "/b"));
}

TEST_CASE("globs are equal as they are written") {
    CHECK((glob("/a/*") == glob("/a/*")));
    CHECK(!(glob("/a/*") == glob("/a/?")));
}

} // namespace
} // namespace agent::tail
