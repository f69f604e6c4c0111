#include "app/line_input.hpp"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using agent::app::LineInput;

// Each line as `number:text`, `!` for one that is too long.
std::vector<std::string> all_lines(std::string_view input, std::size_t max_line_bytes = 100) {
    std::istringstream in{std::string(input)};
    LineInput lines(in, max_line_bytes);
    std::vector<std::string> found;
    while (lines.next()) {
        found.push_back(std::to_string(lines.number()) + ':' +
                        (lines.is_too_long() ? std::string("!") : std::string(lines.text())));
    }
    CHECK_FALSE(lines.failed());
    return found;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("every line counts, empty ones and an unfinished last one too") {
    CHECK(all_lines("").empty());
    CHECK(all_lines("\n") == Lines{"1:"});
    CHECK(all_lines("a") == Lines{"1:a"});
    CHECK(all_lines("a\n\n b b\t\r\nc") == Lines{"1:a", "2:", "3:b b", "4:c"});
    CHECK(all_lines("a\n ") == Lines{"1:a", "2:"});
    CHECK(all_lines(std::string_view("a\0b\n", 4)) == Lines{std::string("1:a\0b", 5)});
}

TEST_CASE("a line that is too long is told, and those behind it are read") {
    CHECK(all_lines("abcd\nabcde\nab\n", 4) == Lines{"1:abcd", "2:!", "3:ab"});
    CHECK(all_lines("abcd", 4) == Lines{"1:abcd"});
    CHECK(all_lines("abcde", 4) == Lines{"1:!"});
    CHECK(all_lines("abcdefghijkl\nabcdefghijkl\n\n", 4) == Lines{"1:!", "2:!", "3:"});
}

TEST_CASE("a stream that cannot be read is told from its end") {
    std::istringstream in("a\n");
    in.setstate(std::ios::badbit);
    LineInput lines(in);
    CHECK_FALSE(lines.next());
    CHECK(lines.failed());
}
