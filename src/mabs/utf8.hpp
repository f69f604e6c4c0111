// UTF-8 as RFC 3629 has it: shortest forms, no surrogates, at most U+10FFFF. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace agent::mabs {

enum class CharacterFault : unsigned char { control_character, invalid_utf8 };

struct BadCharacter {
    CharacterFault fault;
    std::size_t offset; // bytes
    std::size_t length; // bytes; of invalid UTF-8: the first byte only
};

struct Character {
    std::size_t length = 0; // bytes; 0: invalid
    char32_t character = 0;
};

// Whether the byte stands inside a character, behind its first byte.
constexpr bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The character at the beginning of `text`, which is not empty.
Character first_character(std::string_view text);

// The first control character (U+0000 to U+001F but for `allowed`, U+007F to U+009F) or invalid sequence.
std::optional<BadCharacter> find_bad_character(std::string_view text, char allowed = '\0');

} // namespace agent::mabs
