// What of a text can be shown to people as it is, and what would mislead them or make a terminal obey. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace agent::mabs {

// One character, or one byte that is none, of a text that is shown.
struct ShownCharacter {
    std::size_t length = 0;  // bytes
    bool is_escaped = false; // to be shown by append_escaped()
    char32_t character = 0;  // 0 for a byte that is no UTF-8
};

// The one at the beginning of `text`, which is not empty. Escaped are control characters (tabs, too), invalid UTF-8,
// blanks other than the ASCII one, and whatever has no look of its own: what reorders, joins or splits its neighbours,
// tags, fillers and byte order marks. Source: Unicode 15's properties White_Space and Default_Ignorable_Code_Point,
// with a few that are as blank, without the variation selectors U+FE00 to U+FE0F, which common emoji have.
ShownCharacter first_shown(std::string_view text);

// Appends each byte as \xNN: four columns.
void append_escaped(std::string& out, std::string_view bytes);

} // namespace agent::mabs
