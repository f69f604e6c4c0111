#include "mabs/utf8.hpp"

namespace agent::mabs {

namespace {

// The sequence at the beginning of `text`, which starts with a byte of 0x80 or more.
Character decode(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    std::size_t length = 0;
    char32_t character = 0;
    char32_t smallest = 0; // what needs this length: anything less is an overlong form
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2, character = lead & 0x1F, smallest = 0x80;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3, character = lead & 0x0F, smallest = 0x800;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4, character = lead & 0x07, smallest = 0x10000;
    } else {
        return {};
    }
    if (text.size() < length) {
        return {};
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i])) {
            return {};
        }
        character = (character << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
    }
    if (character < smallest || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) {
        return {};
    }
    return {length, character};
}

} // namespace

Character first_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    return first < 0x80 ? Character{1, first} : decode(text);
}

std::optional<BadCharacter> find_bad_character(std::string_view text, char allowed) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x80) {
            if ((byte < 0x20 && (text[at] != allowed || allowed == '\0')) || byte == 0x7F) {
                return BadCharacter{CharacterFault::control_character, at, 1};
            }
            ++at;
            continue;
        }
        const auto [length, character] = decode(text.substr(at));
        if (length == 0) {
            return BadCharacter{CharacterFault::invalid_utf8, at, 1};
        }
        if (character < 0xA0) {
            return BadCharacter{CharacterFault::control_character, at, length};
        }
        at += length;
    }
    return std::nullopt;
}

} // namespace agent::mabs
