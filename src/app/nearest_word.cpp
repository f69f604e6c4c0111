#include "app/nearest_word.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace agent::app {

namespace {

constexpr std::size_t max_word_bytes = 64; // longer ones are no misspelt word, and comparing is quadratic
constexpr std::size_t max_distance = 2;

char folded(char c) {
    return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Damerau's and Levenshtein's, without touching a swapped pair again (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    const auto same = [&](std::size_t i, std::size_t j) { return folded(a[i]) == folded(b[j]); };
    std::vector<std::vector<std::size_t>> least(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                least[i][j] = i + j;
                continue;
            }
            least[i][j] = std::min(
                {least[i - 1][j] + 1, least[i][j - 1] + 1, least[i - 1][j - 1] + (same(i - 1, j - 1) ? 0 : 1)});
            if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1)) {
                least[i][j] = std::min(least[i][j], least[i - 2][j - 2] + 1);
            }
        }
    }
    return least[a.size()][b.size()];
}

} // namespace

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words) {
    std::string_view nearest;
    auto least = max_distance + 1;
    for (const auto candidate : words) {
        if (word.size() > max_word_bytes) {
            break;
        }
        const auto changes = distance(word, candidate);
        if (changes < least && 2 * changes < candidate.size()) {
            nearest = candidate;
            least = changes;
        }
    }
    return nearest;
}

} // namespace agent::app
