// Shows people where in a line something is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace agent::app {

// Appends two lines: what of `line` fits into `columns` (at least 20) around its bytes [offset, offset + length), and
// under it a caret below the first of them and tildes below the others. An offset behind the line's last byte is the
// place where something is missing.
//     "  mabs counter a 1.5\n"
//     "                 ^~~\n"
// A tab is shown as one blank; what would make the terminal do something, cannot be seen or looks like a blank, as \xNN
// (mabs/shown_character.hpp). Wide (East Asian, emoji) characters take two columns, combining ones none. What is
// cut off is shown as `...`. Looks at 4 KiB of the line at most.
void append_place(std::string& out, std::string_view line, std::size_t offset, std::size_t length, std::size_t columns);

} // namespace agent::app
