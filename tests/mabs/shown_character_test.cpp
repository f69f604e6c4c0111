#include "mabs/shown_character.hpp"

#include <string>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using namespace std::string_literals;

// Many are neighbours of such that are not.
TEST_CASE("what is shown as it is: the first character, whatever follows") {
    struct Row {
        std::string text;
        char32_t character;
    };
    const Row rows[] = {
        {" x", ' '},
        {"~", '~'},
        {"\\", '\\'},
        {"\u00A1\u00A0", 0xA1},
        {"\u00AC", 0xAC},
        {"\u00AE", 0xAE},
        {"e\u0301", 'e'},
        {"\u0301e", 0x0301},
        {"\u1FFE", 0x1FFE},
        {"\u2010-", 0x2010},
        {"\u2027", 0x2027},
        {"\u2030", 0x2030},
        {"\u205E", 0x205E},
        {"\u2070", 0x2070},
        {"\u2FFB", 0x2FFB},
        {"\u3001", 0x3001},
        {"日本", 0x65E5},
        {"\uFE0F", 0xFE0F},
        {"\uFEFE", 0xFEFE},
        {"\uFF01", 0xFF01},
        {"\uFFFD", 0xFFFD},
        {"😀x", 0x1F600},
        {"\U0010FFFD", 0x10FFFD},
    };
    for (const auto& [text, character] : rows) {
        CAPTURE(text);
        const auto first = first_shown(text);
        CHECK(!first.is_escaped);
        CHECK(first.character == character);
        CHECK(first.length == (character < 0x80 ? 1U : character < 0x800 ? 2U : character < 0x10000 ? 3U : 4U));
    }
}

TEST_CASE("what is escaped, and how many bytes at a time") {
    struct Row {
        std::string text;
        std::string escaped;
    };
    const Row rows[] = {
        {"\tx", "\\x09"},
        {"\0x"s, "\\x00"},
        {"\x1B[", "\\x1b"},
        {"\x7F", "\\x7f"},
        {"\u0080x", "\\xc2\\x80"},
        {"\u009F", "\\xc2\\x9f"},
        {"\xFFx", "\\xff"},
        {"\x80\x80", "\\x80"},
        {"\xC3(", "\\xc3"},
        {"\xE2\x80", "\\xe2"},     // cut
        {"\xED\xA0\x80", "\\xed"}, // a surrogate
        {"\xC0\xA0", "\\xc0"},     // an overlong blank
        {"\u00A0", "\\xc2\\xa0"},
        {"\u00AD", "\\xc2\\xad"},
        {"\u034F", "\\xcd\\x8f"},
        {"\u061C", "\\xd8\\x9c"},
        {"\u115F", "\\xe1\\x85\\x9f"},
        {"\u1680", "\\xe1\\x9a\\x80"},
        {"\u180E", "\\xe1\\xa0\\x8e"},
        {"\u2000x", "\\xe2\\x80\\x80"},
        {"\u200A", "\\xe2\\x80\\x8a"},
        {"\u200B", "\\xe2\\x80\\x8b"},
        {"\u200F", "\\xe2\\x80\\x8f"},
        {"\u2028", "\\xe2\\x80\\xa8"},
        {"\u2029", "\\xe2\\x80\\xa9"},
        {"\u202A", "\\xe2\\x80\\xaa"},
        {"\u202E", "\\xe2\\x80\\xae"},
        {"\u202F", "\\xe2\\x80\\xaf"},
        {"\u205F", "\\xe2\\x81\\x9f"},
        {"\u2060", "\\xe2\\x81\\xa0"},
        {"\u2066", "\\xe2\\x81\\xa6"},
        {"\u2069", "\\xe2\\x81\\xa9"},
        {"\u2800", "\\xe2\\xa0\\x80"},
        {"\u3000", "\\xe3\\x80\\x80"},
        {"\u3164", "\\xe3\\x85\\xa4"},
        {"\uFEFFmabs", "\\xef\\xbb\\xbf"},
        {"\uFFA0", "\\xef\\xbe\\xa0"},
        {"\uFFF9", "\\xef\\xbf\\xb9"},
        {"\U0001D173", "\\xf0\\x9d\\x85\\xb3"},
        {"\U000E0041", "\\xf3\\xa0\\x81\\x81"},
    };
    for (const auto& [text, escaped] : rows) {
        CAPTURE(escaped);
        const auto first = first_shown(text);
        CHECK(first.is_escaped);
        std::string out = "> ";
        append_escaped(out, std::string_view(text).substr(0, first.length));
        CHECK(out == "> " + escaped);
    }
}

} // namespace
} // namespace agent::mabs
