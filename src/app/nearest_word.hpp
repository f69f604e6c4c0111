// Finds what was meant by a word that is misspelt. Pure; any thread.
#pragma once

#include <span>
#include <string_view>

namespace agent::app {

// The one of `words` that differs least: by at most 2 letters (added, left out, changed, or 2 swapped), and by less
// than half of it; `-` is `_`, and case does not count. Empty where there is none.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words);

} // namespace agent::app
