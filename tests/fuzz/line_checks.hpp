// What must hold of every line, whatever it is.
#pragma once

#include <string_view>

namespace agent::fuzz {

// `text` has no LF. Ends the process where something does not hold.
void check_line(std::string_view text);

} // namespace agent::fuzz
