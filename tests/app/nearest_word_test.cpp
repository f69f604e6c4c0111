#include "app/nearest_word.hpp"

#include <array>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

TEST_CASE("the word that was meant") {
    constexpr std::array<std::string_view, 7> words{"include",    "exclude", "topic", "key",
                                                    "pack_bytes", "start",   "name"};
    struct Row {
        std::string_view word;
        std::string_view meant;
    };
    const Row rows[] = {
        {"topic", "topic"},
        {"topics", "topic"}, // added
        {"topc", "topic"},   // left out
        {"tobic", "topic"},  // changed
        {"tpoic", "topic"},  // swapped
        {"Topic", "topic"},
        {"TOPICS", "topic"},
        {"pack-bytes", "pack_bytes"},
        {"packbytes", "pack_bytes"},
        {"pack_byte", "pack_bytes"},
        {"incldue", "include"},
        {"inlcudes", "include"},
        {"enclude", "include"}, // as near as exclude, and stands first
        {"keys", "key"},
        {"ky", "key"},
        {"kxx", ""}, // more than half of it
        {"k", ""},
        {"", ""},
        {"names", "name"},
        {"nm", ""},
        {"tpcs", ""},
        {"brokers", ""},
        {"startet", "start"},
        {"starting", ""},
    };
    for (const auto& [word, meant] : rows) {
        CAPTURE(word);
        CHECK(nearest_word(word, words) == meant);
    }
    CHECK(nearest_word(std::string(1 << 20, 't'), words).empty());
    CHECK(nearest_word("topic", {}).empty());
}

} // namespace
} // namespace agent::app
