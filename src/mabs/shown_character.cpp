#include "mabs/shown_character.hpp"

#include "mabs/utf8.hpp"

#include <algorithm>
#include <array>

namespace agent::mabs {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array<Range, 20> deceptive{{
    {0x00A0, 0x00A0},   // no-break space
    {0x00AD, 0x00AD},   // soft hyphen
    {0x034F, 0x034F},   // grapheme joiner
    {0x061C, 0x061C},   // Arabic letter mark: direction
    {0x115F, 0x1160},   // Hangul fillers
    {0x1680, 0x1680},   // Ogham space, often drawn as a stroke
    {0x17B4, 0x17B5},   // Khmer vowels that are not drawn
    {0x180B, 0x180F},   // Mongolian selectors and separator
    {0x2000, 0x200F},   // spaces, zero-width ones, joiners, direction marks
    {0x2028, 0x202F},   // line and paragraph separator, direction, narrow no-break space
    {0x205F, 0x206F},   // mathematical space, invisible operators, direction
    {0x2800, 0x2800},   // Braille without a dot
    {0x3000, 0x3000},   // ideographic space
    {0x3164, 0x3164},   // Hangul filler
    {0xFEFF, 0xFEFF},   // byte order mark
    {0xFFA0, 0xFFA0},   // Hangul filler, half width
    {0xFFF0, 0xFFFB},   // unassigned ones to be ignored, annotation marks
    {0x1BCA0, 0x1BCA3}, // shorthand format controls
    {0x1D173, 0x1D17A}, // musical format controls
    {0xE0000, 0xE0FFF}, // tags and further selectors
}};

bool is_deceptive(char32_t character) {
    return character >= deceptive.front().first && std::ranges::any_of(deceptive, [character](const Range& range) {
               return character >= range.first && character <= range.last;
           });
}

} // namespace

ShownCharacter first_shown(std::string_view text) {
    const auto [length, character] = first_character(text);
    if (length == 0) {
        return {1, true, 0};
    }
    const bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
    return {length, is_control || is_deceptive(character), character};
}

void append_escaped(std::string& out, std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.append("\\x");
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 0x0F]);
    }
}

} // namespace agent::mabs
