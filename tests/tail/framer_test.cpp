#include "tail/framer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using namespace std::string_literals;
using Texts = std::vector<std::string>;

constexpr std::size_t large = 1 << 20;

StreamOptions options(Framing framing, std::size_t pack_bytes = 0) {
    StreamOptions options;
    options.framing = framing;
    options.multiline_start = "^[A-Z]";
    options.pack_bytes = pack_bytes;
    return options;
}

Framer lines(std::size_t pack_bytes = 0) {
    return Framer(options(Framing::lines, pack_bytes));
}
Framer multiline(std::size_t pack_bytes = 0) {
    return Framer(options(Framing::multiline, pack_bytes));
}

// The values; and that the records lie in the bytes one behind the other, without a gap.
Texts cut(const Framer& framer, std::string_view bytes, End end = End::open, std::size_t max_bytes = large) {
    Cuts cuts;
    cuts.records.resize(3); // cleared first
    framer.cut(bytes, end, 0, max_bytes, cuts);
    Texts values;
    std::size_t covered = 0;
    for (const auto& each : cuts.records) {
        CHECK(each.at == covered);
        CHECK(each.size_bytes <= max_bytes);
        const bool has_lf = each.span_bytes == each.size_bytes + 1;
        CHECK((has_lf || each.span_bytes == each.size_bytes));
        covered += each.span_bytes;
        REQUIRE(covered <= bytes.size());
        CHECK((!has_lf || bytes[covered - 1] == '\n'));
        values.emplace_back(bytes.substr(each.at, each.size_bytes));
    }
    CHECK(cuts.used_bytes == covered);
    CHECK_FALSE(cuts.is_impossible);
    return values;
}

TEST_CASE("lines: a record each, without LF, byte for byte; the last one waits") {
    CHECK(cut(lines(), "") == Texts{});
    CHECK(cut(lines(), "one") == Texts{});
    CHECK(cut(lines(), "one\n") == Texts{"one"});
    CHECK(cut(lines(), "\n") == Texts{""});
    CHECK(cut(lines(), "\n\n\r\n") == Texts{"", "", "\r"});
    CHECK(cut(lines(), "a\0b\xFF\nc\n"s) == Texts{"a\0b\xFF"s, "c"});
    for (const auto end : {End::open, End::silent}) {
        CHECK(cut(lines(), "one\ntwo", end) == Texts{"one"});
    }
    CHECK(cut(lines(), "one\ntwo", End::final) == Texts{"one", "two"});
    CHECK(cut(lines(), "one\n", End::final) == Texts{"one"}); // no empty record behind it
    CHECK(cut(lines(), "", End::final) == Texts{});
}

TEST_CASE("lines: longer ones come in parts, and LF belongs to the last part") {
    CHECK(cut(lines(), "12345678\n", End::open, 8) == Texts{"12345678"});
    CHECK(cut(lines(), "123456789\n", End::open, 8) == Texts{"12345678", "9"});
    CHECK(cut(lines(), "1234567812345678\n", End::open, 8) == Texts{"12345678", "12345678"});
    CHECK(cut(lines(), "12345678", End::open, 8) == Texts{}); // its LF may be the next byte
    CHECK(cut(lines(), "123456789", End::open, 8) == Texts{"12345678"});
    CHECK(cut(lines(), "12345678", End::final, 8) == Texts{"12345678"});
    CHECK(cut(lines(), "123456789", End::final, 8) == Texts{"12345678", "9"});
    CHECK(cut(lines(), "a\n12345678123456789\nb\n", End::open, 8) == Texts{"a", "12345678", "12345678", "9", "b"});
    CHECK(Framer::most_bytes(8) > 8 + 1);
}

TEST_CASE("lines, packed: whole ones up to the size, joined by LF") {
    CHECK(cut(lines(7), "aaa\nbbb\nccc\n") == Texts{"aaa\nbbb", "ccc"});
    CHECK(cut(lines(6), "aaa\nbbb\nccc\n") == Texts{"aaa", "bbb", "ccc"});
    CHECK(cut(lines(8), "aaa\nbbb\nccc\n") == Texts{"aaa\nbbb", "ccc"});
    CHECK(cut(lines(8), "\n\n\n") == Texts{"\n\n"});
    CHECK(cut(lines(8), "aaa\nbb") == Texts{"aaa"}); // what is there goes out: nothing waits to be packed
    CHECK(cut(lines(8), "aaa\nbb", End::final) == Texts{"aaa", "bb"});
    CHECK(cut(lines(4), "aaaaaaaa\nb\n") == Texts{"aaaaaaaa", "b"}); // a longer one is a record of its own
    CHECK(cut(lines(4), "b\naaaaaaaa\n") == Texts{"b", "aaaaaaaa"});
    CHECK(cut(lines(100), "aaa\nbbb\nccc\n", End::open, 8) == Texts{"aaa\nbbb", "ccc"});
    CHECK(cut(lines(100), "aaa\n123456789\nccc\n", End::open, 8) == Texts{"aaa", "12345678", "9", "ccc"});
}

TEST_CASE("multiline: ends before the next one, or when nothing comes") {
    const auto text = "One\n two\n three\nFour\n five\n"s;
    CHECK(cut(multiline(), text) == Texts{"One\n two\n three"});
    CHECK(cut(multiline(), text, End::silent) == Texts{"One\n two\n three", "Four\n five"});
    CHECK(cut(multiline(), text + " si", End::silent) == Texts{"One\n two\n three", "Four\n five"});
    CHECK(cut(multiline(), text + " si", End::final) == Texts{"One\n two\n three", "Four\n five", " si"});
    CHECK(cut(multiline(), "One\n") == Texts{});
    CHECK(cut(multiline(), "One\nTw") == Texts{}); // it is not known yet what it will be
    CHECK(cut(multiline(), " no\n beginning\nOne\n") == Texts{" no\n beginning"});
    CHECK(cut(multiline(), "One\n\nTwo\n") == Texts{"One\n"}); // an empty line goes on
    CHECK(cut(multiline(), "One\nTwo\nThree\n") == Texts{"One", "Two"});
}

TEST_CASE("multiline: the beginning is searched for in the first bytes of a line only") {
    auto late = options(Framing::multiline);
    late.multiline_start = "X";
    const auto at = [&](std::size_t bytes) {
        return cut(Framer(late), "one\n" + std::string(bytes, '.') + "X\n", End::silent).size();
    };
    CHECK(at(4095) == 2);
    CHECK(at(4096) == 1);
}

TEST_CASE("multiline: longer ones come in parts") {
    CHECK(cut(multiline(), "One\n 345\nTwo\n", End::open, 8) == Texts{"One\n 345"});
    CHECK(cut(multiline(), "One\n 3456\nTwo\n", End::open, 8) == Texts{"One\n 345", "6"});
    CHECK(cut(multiline(), "One\n 345678", End::open, 8) == Texts{}); // not known yet whose line it is
    const std::string known(5000, ' ');
    CHECK(cut(multiline(), "One\n" + known, End::open, 2000) ==
          Texts{"One\n" + known.substr(0, 1996), known.substr(0, 2000)});
    CHECK(cut(multiline(), "One\nT" + known, End::open, 2000) ==
          Texts{"One", "T" + known.substr(0, 1999), known.substr(0, 2000)});
    CHECK(Framer::most_bytes(2000) >= 2000 + Framer::pattern_bytes + 2);
    CHECK(cut(multiline(), "One\n 345678", End::final, 8) == Texts{"One", " 345678"});
}

TEST_CASE("multiline: what is longer than a record does not swallow the beginning of the next one") {
    // The one behind it may have come only in part.
    CHECK(cut(multiline(), "One\n 34\nTwo", End::open, 8) == Texts{"One\n 34"});
    CHECK(cut(multiline(), "One\n 345\nTw", End::open, 8) == Texts{"One\n 345"});
}

TEST_CASE("multiline, packed") {
    const auto text = "One\n two\nThree\nFour\nFive\n"s;
    CHECK(cut(multiline(100), text) == Texts{"One\n two\nThree\nFour"});
    CHECK(cut(multiline(100), text, End::silent) == Texts{"One\n two\nThree\nFour", "Five"});
    CHECK(cut(multiline(14), text) == Texts{"One\n two\nThree", "Four"});
    CHECK(cut(multiline(13), text) == Texts{"One\n two", "Three\nFour"});
    CHECK(cut(multiline(5), text) == Texts{"One\n two", "Three", "Four"});
}

TEST_CASE("what is too long for the pattern's search is no beginning, and nothing else happens") {
    auto slow = options(Framing::multiline);
    slow.multiline_start = "^(a|aa)+$";
    CHECK(cut(Framer(slow), "x\n" + std::string(4000, 'a') + "b\nx\n", End::silent).size() == 1);
}

std::string frame(std::string_view value) {
    const auto size = static_cast<std::uint32_t>(value.size());
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) {
        bytes.push_back(static_cast<char>(size >> shift));
    }
    return bytes + std::string(value);
}

// "value" with its 4 bytes, "+value" without.
struct Framed {
    Texts values;
    Cuts cuts;
};

Framed cut_frames(std::string_view bytes, std::uint32_t frame_left = 0, std::size_t max_bytes = large,
                  std::size_t pack_bytes = 0, End end = End::open) {
    Framed framed;
    const Framer framer(options(Framing::frames, pack_bytes));
    framer.cut(bytes, end, frame_left, max_bytes, framed.cuts);
    std::size_t covered = 0;
    for (const auto& each : framed.cuts.records) {
        const auto before = each.span_bytes - each.size_bytes;
        CHECK((before == 0 || before == 4));
        CHECK(each.at == covered + before);
        covered += each.span_bytes;
        REQUIRE(covered <= bytes.size());
        framed.values.push_back((before == 0 ? "+" : "") + std::string(bytes.substr(each.at, each.size_bytes)));
    }
    CHECK(framed.cuts.used_bytes == covered);
    return framed;
}

TEST_CASE("frames: a record each, without its length; the last one waits, whatever the end") {
    const auto two = frame("one\n") + frame("") + frame("\0\xFF"s);
    for (const auto end : {End::open, End::silent, End::final}) {
        CHECK(cut_frames(two, 0, large, 0, end).values == Texts{"one\n", "", "\0\xFF"s});
        for (std::size_t cut_off = 1; cut_off < 6; ++cut_off) {
            const auto cut = cut_frames(two.substr(0, two.size() - cut_off), 0, large, 0, end);
            CHECK(cut.values == Texts{"one\n", ""});
            CHECK(cut.cuts.frame_left == 0);
        }
    }
    CHECK(cut_frames(frame(std::string(258, 'x'))).values == Texts{std::string(258, 'x')});
}

TEST_CASE("frames: an impossible length ends all") {
    const auto largest = "\x01\x00\x00\x00"s;
    CHECK_FALSE(cut_frames(largest).cuts.is_impossible);
    for (const auto& length : {"\x01\x00\x00\x01"s, "\xFF\xFF\xFF\xFF"s, "GET "s}) {
        const auto cut = cut_frames(frame("one") + length + frame("two"));
        CHECK(cut.cuts.is_impossible);
        CHECK(cut.values == Texts{"one"});
        const auto packed = cut_frames(frame("one") + length, 0, large, 100);
        CHECK(packed.cuts.is_impossible);
        CHECK(packed.values == Texts{"+" + frame("one")});
    }
    CHECK_FALSE(cut_frames("\xFF\xFF\xFF"s).cuts.is_impossible); // not known yet
    CHECK_FALSE(cut_frames(frame("one")).cuts.is_impossible);
}

TEST_CASE("frames: longer ones come in parts, and go on where the file is read again") {
    const auto text = frame("12345678abcdefgh!") + frame("two");
    const auto all = cut_frames(text, 0, 8);
    CHECK(all.values == Texts{"12345678", "+abcdefgh", "+!", "two"});
    CHECK(all.cuts.frame_left == 0);
    CHECK(cut_frames(text.substr(0, 11), 0, 8).values == Texts{});
    const auto first = cut_frames(text.substr(0, 12), 0, 8);
    CHECK(first.values == Texts{"12345678"});
    CHECK(first.cuts.frame_left == 9);
    CHECK(cut_frames(text.substr(12, 7), 9, 8).cuts.frame_left == 9);
    CHECK(cut_frames(text.substr(12, 8), 9, 8).cuts.frame_left == 1);
    CHECK(cut_frames(text.substr(20), 1, 8).values == Texts{"+!", "two"});
    CHECK(cut_frames(frame("12345678") + frame("two"), 0, 8).values == Texts{"12345678", "two"});
    CHECK(cut_frames("", 5, 8).cuts.frame_left == 5);
    // A length that a part begins with by chance is not looked at.
    CHECK(cut_frames("\xFF\xFF\xFF\xFFxxxx"s, 8, 8).values == Texts{"+\xFF\xFF\xFF\xFFxxxx"s});
}

TEST_CASE("frames, packed: whole ones keep their lengths") {
    const auto text = frame("one") + frame("two") + frame("three");
    CHECK(cut_frames(text, 0, large, 14).values == Texts{"+" + frame("one") + frame("two"), "+" + frame("three")});
    CHECK(cut_frames(text, 0, large, 13).values == Texts{"+" + frame("one"), "+" + frame("two"), "+" + frame("three")});
    CHECK(cut_frames(text, 0, large, 100).values == Texts{"+" + text});
    CHECK(cut_frames(text.substr(0, 20), 0, large, 100).values == Texts{"+" + frame("one") + frame("two")});
    CHECK(cut_frames(frame("one") + frame("12345678") + frame("two"), 0, large, 10).values ==
          Texts{"+" + frame("one"), "12345678", "+" + frame("two")}); // a longer one is a record of its own
    CHECK(cut_frames(frame("one") + frame("12345678"), 0, 8, 100).values == Texts{"+" + frame("one"), "12345678"});
}

} // namespace
} // namespace agent::tail
