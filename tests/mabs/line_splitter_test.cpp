#include "mabs/line_splitter.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using namespace std::string_literals;

constexpr auto limit = core::limits::max_line_bytes;

// Feeds a splitter as its users do, and notes what it says.
class Reader {
  public:
    void feed(std::string_view bytes) {
        std::string chunk = rest_;
        chunk.append(bytes);
        splitter_.begin(chunk, rest_.size());
        for (auto item = splitter_.next(); item != LineSplitter::Item::none; item = splitter_.next()) {
            lines.emplace_back(item == LineSplitter::Item::too_long ? "<too long>"s : std::string(splitter_.text()));
        }
        rest_ = splitter_.rest();
        most_rest = std::max(most_rest, rest_.size());
    }

    const std::string& rest() const { return rest_; }
    bool is_skipping() const { return splitter_.is_skipping(); }

    std::vector<std::string> lines;
    std::size_t most_rest = 0;

  private:
    LineSplitter splitter_;
    std::string rest_;
};

using Lines = std::vector<std::string>;

TEST_CASE("lines of one chunk") {
    struct Row {
        std::string bytes;
        Lines lines;
        std::string rest;
    };
    const Row rows[] = {
        {"", {}, ""},
        {"a", {}, "a"},
        {"a\n", {"a"}, ""},
        {"a\nb", {"a"}, "b"},
        {"a\n\n\nb\n", {"a", "", "", "b"}, ""},
        {"\n", {""}, ""},
        {"a\r\n", {"a"}, ""},
        {"\r\n", {""}, ""},
        {"a\r\r\n", {"a\r"}, ""}, // one CR only
        {"a\rb\n", {"a\rb"}, ""},
        {"\ra\n", {"\ra"}, ""},
        {"a\n\r", {"a"}, "\r"},
        {"a \t\n", {"a \t"}, ""}, // blanks are the parser's
        {"a\0b\n"s, {"a\0b"s}, ""},
    };
    for (const auto& [bytes, lines, rest] : rows) {
        CAPTURE(bytes);
        Reader reader;
        reader.feed(bytes);
        CHECK(reader.lines == lines);
        CHECK(reader.rest() == rest);
        CHECK(!reader.is_skipping());
    }
}

TEST_CASE("a CR at the end of one chunk and its LF in the next") {
    Reader reader;
    reader.feed("a\r");
    reader.feed("\nb\r\r");
    reader.feed("\n");
    CHECK(reader.lines == Lines{"a", "b\r"});
}

TEST_CASE("65536 bytes are a line, 65537 are not, in one chunk") {
    Reader reader;
    reader.feed(std::string(limit, 'x') + "\n" + std::string(limit + 1, 'y') + "\nafter\n");
    REQUIRE(reader.lines.size() == 3);
    CHECK(reader.lines[0] == std::string(limit, 'x'));
    CHECK(reader.lines[1] == "<too long>");
    CHECK(reader.lines[2] == "after");
}

TEST_CASE("65536 bytes are a line, 65537 are not, when the LF comes by itself") {
    Reader reader;
    reader.feed(std::string(limit, 'x'));
    CHECK(!reader.is_skipping());
    CHECK(reader.rest().size() == limit);
    reader.feed("\n");
    CHECK(reader.lines == Lines{std::string(limit, 'x')});
    reader.lines.clear();
    reader.feed(std::string(limit, 'y'));
    reader.feed("y");
    CHECK(reader.is_skipping());
    CHECK(reader.rest().empty());
    reader.feed("\nafter\n");
    CHECK(reader.lines == Lines{"<too long>", "after"});
    CHECK(!reader.is_skipping());
}

TEST_CASE("a line of many chunks is reported once, and keeps no memory") {
    Reader reader;
    reader.feed("before\n");
    for (int i = 0; i < 1000; ++i) {
        reader.feed(std::string(1000, 'x'));
    }
    CHECK(reader.is_skipping());
    CHECK(reader.lines == Lines{"before"});
    CHECK(reader.most_rest <= limit);
    reader.feed("end\nafter\nlast");
    CHECK(reader.lines == Lines{"before", "<too long>", "after"});
    CHECK(!reader.is_skipping());
    CHECK(reader.rest() == "last");
}

TEST_CASE("two lines that are too long, one after the other") {
    Reader reader;
    reader.feed(std::string(limit + 1, 'x'));
    reader.feed("\n");
    reader.feed(std::string(limit + 1, 'y'));
    reader.feed("\n\n");
    CHECK(reader.lines == Lines{"<too long>", "<too long>", ""});
}

TEST_CASE("however a stream is cut, the lines are the same") {
    std::mt19937 random(3);
    std::string stream;
    for (int i = 0; i < 400; ++i) {
        constexpr std::size_t sizes[] = {0, 1, 2, 10, 100, 5000};
        auto size = sizes[random() % 6];
        if (i % 100 == 50) {
            size = limit - 1 + random() % 4; // around the limit, on both sides
        }
        for (std::size_t k = 0; k < size; ++k) {
            stream.push_back("abc \r\t\0x"[random() % 8]);
        }
        stream += random() % 3 == 0 ? "\r\n" : "\n";
    }
    stream += "rest";
    Reader whole;
    whole.feed(stream);
    REQUIRE(whole.lines.size() == 400);
    for (int round = 0; round < 30; ++round) {
        Reader cut;
        const auto most = std::size_t{1} << (random() % 18);
        for (std::size_t at = 0; at < stream.size();) {
            const auto size = std::min<std::size_t>(1 + random() % most, stream.size() - at);
            // One byte at a time only through the short part: the rest of a long line is copied each time.
            const auto step = most < 64 && at > 20'000 ? std::min<std::size_t>(3000, stream.size() - at) : size;
            cut.feed(std::string_view(stream).substr(at, step));
            at += step;
        }
        REQUIRE(cut.lines == whole.lines);
        REQUIRE(cut.rest() == whole.rest());
    }
}

} // namespace
} // namespace agent::mabs
