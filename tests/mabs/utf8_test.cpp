#include "mabs/utf8.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using namespace std::string_literals;

// As RFC 3629 has it, but for any number: also what it forbids.
std::string encode(char32_t c) {
    const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
    if (c < 0x80) {
        return {byte(c)};
    }
    if (c < 0x800) {
        return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F))};
    }
    if (c < 0x10000) {
        return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F))};
    }
    return {byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)),
            byte(0x80 | (c & 0x3F))};
}

bool is_control(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool is_surrogate(char32_t c) {
    return c >= 0xD800 && c <= 0xDFFF;
}

TEST_CASE("every code point: good, control character, surrogate or beyond the last") {
    for (char32_t c = 0; c <= 0x1FFFFF; ++c) {
        const auto text = encode(c);
        const auto bad = find_bad_character(text);
        CAPTURE(static_cast<unsigned>(c));
        if (is_surrogate(c) || c > 0x10FFFF) {
            REQUIRE(bad.has_value());
            REQUIRE(bad->fault == CharacterFault::invalid_utf8);
            REQUIRE(bad->length == 1);
        } else if (is_control(c)) {
            REQUIRE(bad.has_value());
            REQUIRE(bad->fault == CharacterFault::control_character);
            REQUIRE(bad->length == text.size());
        } else {
            REQUIRE(!bad.has_value());
        }
    }
}

TEST_CASE("every sequence of up to three bytes is valid exactly if a code point is written so") {
    std::set<std::string> valid;
    for (char32_t c = 0x80; c < 0x10000; ++c) {
        if (!is_surrogate(c)) {
            valid.insert(encode(c));
        }
    }
    const auto check = [&](const std::string& text) {
        const auto bad = find_bad_character(text);
        const bool is_invalid = bad && bad->fault == CharacterFault::invalid_utf8;
        REQUIRE(is_invalid != valid.contains(text));
    };
    std::string text;
    for (int first = 0x80; first < 0x100; ++first) {
        check(std::string(1, static_cast<char>(first)));
        for (int second = 0; second < 0x100; ++second) {
            text = {static_cast<char>(first), static_cast<char>(second)};
            check(text);
            if (first < 0xE0 || first > 0xEF) { // two and one more: only a lead of three may go on so
                continue;
            }
            for (int third = 0; third < 0x100; third += (third >= 0x82 && third < 0xBE) ? 5 : 1) {
                text = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
                check(text);
            }
        }
    }
}

TEST_CASE("what is wrong, where, and how long") {
    struct Row {
        std::string text;
        CharacterFault fault;
        std::size_t offset;
        std::size_t length;
    };
    constexpr auto control = CharacterFault::control_character;
    constexpr auto invalid = CharacterFault::invalid_utf8;
    const Row rows[] = {
        {"\0"s, control, 0, 1},
        {"ab\0c"s, control, 2, 1},
        {"a\tb", control, 1, 1},
        {"a\rb", control, 1, 1},
        {"\x1F", control, 0, 1},
        {"\x7F", control, 0, 1},
        {"é\xC2\x80", control, 2, 2},
        {"é\xC2\x9F.", control, 2, 2},
        {"\xC2\x85\xFF", control, 0, 2}, // the first of two
        {"\xFF\xC2\x85", invalid, 0, 1},
        {"a\x80", invalid, 1, 1},        // a continuation without its lead
        {"a\xBF", invalid, 1, 1},        //
        {"\xC0\x80", invalid, 0, 1},     // overlong NUL
        {"\xC1\xBF", invalid, 0, 1},     // overlong DEL
        {"\xE0\x80\xAF", invalid, 0, 1}, // overlong /
        {"\xE0\x9F\xBF", invalid, 0, 1}, // overlong U+07FF
        {"\xF0\x80\x80\x80", invalid, 0, 1},
        {"\xF0\x8F\xBF\xBF", invalid, 0, 1},         // overlong U+FFFF
        {"\xED\xA0\x80", invalid, 0, 1},             // the first surrogate
        {"\xED\xBF\xBF", invalid, 0, 1},             // the last one
        {"\xED\xA0\xBD\xED\xB8\x80", invalid, 0, 1}, // a pair (CESU-8)
        {"\xF4\x90\x80\x80", invalid, 0, 1},         // U+110000
        {"\xF5\x80\x80\x80", invalid, 0, 1},
        {"\xF8\x88\x80\x80\x80", invalid, 0, 1}, // five bytes
        {"\xFE", invalid, 0, 1},
        {"\xFF", invalid, 0, 1},
        {"ok\xC3", invalid, 2, 1}, // cut off
        {"ok\xE2\x82", invalid, 2, 1},
        {"ok\xF0\x9F\x98", invalid, 2, 1},
        {"\xC3(", invalid, 0, 1}, // the second byte is none
        {"\xE2(\xA1", invalid, 0, 1},
        {"\xE2\x82(", invalid, 0, 1},
        {"\xF0\x9F\x98(", invalid, 0, 1},
    };
    for (const auto& [text, fault, offset, length] : rows) {
        CAPTURE(text);
        const auto bad = find_bad_character(text);
        REQUIRE(bad.has_value());
        CHECK(bad->fault == fault);
        CHECK(bad->offset == offset);
        CHECK(bad->length == length);
    }
}

TEST_CASE("good text") {
    for (const char* text : {"", "plain ASCII ~!", "Größe", "\xC2\xA0", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                             "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "日本語", "😀"}) {
        CAPTURE(text);
        CHECK(!find_bad_character(text).has_value());
    }
}

TEST_CASE("only the one control character that is allowed is") {
    CHECK(!find_bad_character("a\tb", '\t').has_value());
    CHECK(find_bad_character("a\tb\r", '\t')->offset == 3);
    CHECK(find_bad_character("a\0b"s, '\0').has_value()); // the default allows none, NUL neither
    CHECK(find_bad_character("\x7F", '\x7F').has_value());
}

} // namespace
} // namespace agent::mabs
