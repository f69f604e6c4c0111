#include "app/caret.hpp"

#include "mabs/utf8.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

using namespace std::string_literals;

std::string place(std::string_view line, std::size_t offset, std::size_t length, std::size_t columns = 80) {
    std::string out;
    append_place(out, line, offset, length, columns);
    return out;
}

TEST_CASE("a caret under the first byte, tildes under the others") {
    CHECK(place("mabs counter a 1.5", 15, 3) ==
          "  mabs counter a 1.5\n"
          "                 ^~~\n");
    CHECK(place("abc", 0, 1) ==
          "  abc\n"
          "  ^\n");
    CHECK(place("abc", 0, 3) ==
          "  abc\n"
          "  ^~~\n");
}

TEST_CASE("where something is missing") {
    CHECK(place("mabs c", 6, 0) ==
          "  mabs c\n"
          "        ^\n");
    CHECK(place("mabs c a x=1", 9, 0) ==
          "  mabs c a x=1\n"
          "           ^\n");
    CHECK(place("", 0, 0) ==
          "  \n"
          "  ^\n");
    CHECK(place("abc", 100, 7) ==
          "  abc\n"
          "     ^\n");
}

TEST_CASE("a tab is one blank") {
    CHECK(place("a\t\tb x", 5, 1) ==
          "  a  b x\n"
          "       ^\n");
}

TEST_CASE("nothing reaches the terminal that it would obey") {
    CHECK(place("a\x1B[2Jb", 1, 1) ==
          "  a\\x1b[2Jb\n"
          "   ^~~~\n");
    CHECK(place("a\0\r\x7Fz"s, 4, 1) ==
          "  a\\x00\\x0d\\x7fz\n"
          "               ^\n");
    CHECK(place("\xC2\x9Bz", 2, 1) ==
          "  \\xc2\\x9bz\n"
          "          ^\n");
    CHECK(place("\xFF\xC3(z", 2, 1) ==
          "  \\xff\\xc3(z\n"
          "          ^\n");
    CHECK(place("z\xE2\x82", 1, 1) ==
          "  z\\xe2\\x82\n"
          "   ^~~~\n");
    CHECK(place("a\xE2\x80\xAEz", 4, 1) ==
          "  a\\xe2\\x80\\xaez\n" // it would turn the rest around
          "               ^\n");
    CHECK(place("\xEF\xBB\xBFmabs", 0, 7) ==
          "  \\xef\\xbb\\xbfmabs\n"
          "  ^~~~~~~~~~~~~~~~\n");
}

TEST_CASE("what cannot be seen, or looks like a blank, is shown as bytes") {
    struct Row {
        std::string character;
        std::string shown;
    };
    const Row rows[] = {
        {"\u00A0", "\\xc2\\xa0"},      {"\u00AD", "\\xc2\\xad"},      {"\u2000", "\\xe2\\x80\\x80"},
        {"\u200A", "\\xe2\\x80\\x8a"}, {"\u200B", "\\xe2\\x80\\x8b"}, {"\u200F", "\\xe2\\x80\\x8f"},
        {"\u2028", "\\xe2\\x80\\xa8"}, {"\u2029", "\\xe2\\x80\\xa9"}, {"\u202A", "\\xe2\\x80\\xaa"},
        {"\u202E", "\\xe2\\x80\\xae"}, {"\u202F", "\\xe2\\x80\\xaf"}, {"\u205F", "\\xe2\\x81\\x9f"},
        {"\u2066", "\\xe2\\x81\\xa6"}, {"\u2069", "\\xe2\\x81\\xa9"}, {"\u3000", "\\xe3\\x80\\x80"},
        {"\uFEFF", "\\xef\\xbb\\xbf"},
    };
    for (const auto& [character, shown] : rows) {
        CAPTURE(shown);
        const auto line = "a" + character + "b";
        CHECK(place(line, 1, character.size()) ==
              "  a" + shown + "b\n   ^" + std::string(shown.size() - 1, '~') + "\n");
        CHECK(place(line, line.size() - 1, 1) == "  a" + shown + "b\n" + std::string(3 + shown.size(), ' ') + "^\n");
    }
}

TEST_CASE("characters wider and narrower than a column") {
    CHECK(place("日本 x", 7, 1) ==
          "  日本 x\n"
          "       ^\n");
    CHECK(place("日本 x", 3, 3) ==
          "  日本 x\n"
          "    ^~\n");
    CHECK(place("😀x", 4, 1) ==
          "  😀x\n"
          "    ^\n");
    CHECK(place("e\u0301x", 3, 1) ==
          "  e\u0301x\n"
          "   ^\n");
    CHECK(place("Größe x", 8, 1) ==
          "  Größe x\n"
          "        ^\n");
}

TEST_CASE("an offset inside a character points at the character") {
    CHECK(place("aéb", 2, 1) ==
          "  aéb\n"
          "   ^\n");
}

TEST_CASE("a line that just fits is not cut") {
    const std::string line(18, 'x');
    CHECK(place(line, 17, 1, 20) == "  " + line + "\n" + std::string(19, ' ') + "^\n");
    CHECK(place(line + "y", 0, 1, 20).starts_with("  xxxxxxxxxxxx"));
    CHECK(place(line + "y", 0, 1, 20).find("...\n") != std::string::npos);
}

TEST_CASE("of a long line the part around the place is shown") {
    std::string line;
    for (int i = 0; i < 10'000; ++i) {
        line += std::to_string(i % 10);
    }
    CHECK(place(line, 5000, 3, 28) ==
          "  ...01234567890123456789...\n"
          "               ^~~\n");
    CHECK(place(line, 0, 1, 28) ==
          "  01234567890123456789...\n"
          "  ^\n");
    CHECK(place(line, 2, 30, 28) ==
          "  01234567890123456789...\n"
          "    ^~~~~~~~~~~~~~~~~~\n");
    CHECK(place(line, 9999, 1, 28) ==
          "  ...01234567890123456789\n"
          "                        ^\n");
    CHECK(place(line, 10'000, 0, 28) ==
          "  ...01234567890123456789\n"
          "                         ^\n");
}

// Whatever the line: two lines, valid UTF-8, no wider than asked, the caret within.
TEST_CASE("of every line, at every place, at every width") {
    const std::string lines[] = {
        "日本語"s + std::string(100, 'x') + "\x1B\xFF日本語😀\t\r\0abc"s + std::string(60, '\x01'),
        std::string(9000, '\xBF'), std::string(3000, '\t'), "e" + std::string(40, 'e')};
    for (const auto& line : lines) {
        for (std::size_t offset = 0; offset <= line.size(); offset += line.size() > 1000 ? 511 : 1) {
            for (const std::size_t columns : {0U, 20U, 21U, 33U, 80U, 300U}) {
                const auto text = place(line, offset, 5, columns);
                REQUIRE(std::ranges::count(text, '\n') == 2);
                REQUIRE(text.back() == '\n');
                REQUIRE(!mabs::find_bad_character(text, '\n'));
                const auto second = text.substr(text.find('\n') + 1);
                REQUIRE(std::ranges::count(second, '^') == 1);
                REQUIRE(second.size() <= std::max<std::size_t>(columns, 20) + 2);
            }
        }
    }
}

} // namespace
} // namespace agent::app
