// What the terminal that somebody looks at is like.
#pragma once

#include <cstddef>

namespace agent::app {

// The width of the terminal that standard output is; 0 where it is none.
std::size_t terminal_columns();

} // namespace agent::app
