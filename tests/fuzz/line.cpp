// The language of lines: splitter, line parser, tag parser, numbers, error texts.
//
// Input: a stream, with the marks of stream_text.hpp. Required is that
// - the splitter cuts it as a search for LFs in the whole of it does, whatever chunks it comes in;
// - a line that is accepted holds no forbidden character and gives the same sample when it is spelled anew, in its
//   canonical form and in an odd one;
// - numbers are those that the C library reads, and none that it reads is rejected;
// - errors lie within their line and are explained in valid text of bounded length.
#include "fuzz/fuzzer.hpp"
#include "fuzz/line_checks.hpp"
#include "fuzz/stream_text.hpp"
#include "mabs/line_splitter.hpp"

#include <string>
#include <vector>

namespace agent::fuzz {
namespace {

using mabs::LineSplitter;

struct Cut {
    struct Line {
        std::string_view text;
        bool is_too_long = false;

        friend bool operator==(const Line&, const Line&) = default;
    };

    std::vector<Line> lines;
    std::string_view rest;
    bool is_skipping = false;
};

// The views point into the stream.
Cut simple_cut(std::string_view stream) {
    Cut cut;
    for (auto lf = stream.find('\n'); lf != std::string_view::npos; lf = stream.find('\n')) {
        auto line = stream.substr(0, lf);
        stream.remove_prefix(lf + 1);
        const bool is_too_long = line.size() > core::limits::max_line_bytes;
        if (!is_too_long && line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        cut.lines.push_back({is_too_long ? "" : line, is_too_long});
    }
    cut.is_skipping = stream.size() > core::limits::max_line_bytes;
    cut.rest = cut.is_skipping ? "" : stream;
    return cut;
}

void check_chunks(std::string_view stream, std::size_t most_in_chunk, const Cut& cut) {
    Dice dice(stream);
    LineSplitter splitter;
    ExactCopy chunk(""); // holds what rest() shows to
    std::string_view rest;
    std::size_t count = 0;
    while (!stream.empty()) {
        const auto size = std::min(dice.below(most_in_chunk + 1), stream.size()); // 0 now and then
        chunk = ExactCopy(rest, stream.substr(0, size));
        stream.remove_prefix(size);
        splitter.begin(chunk.text(), rest.size());
        for (auto item = splitter.next(); item != LineSplitter::Item::none; item = splitter.next(), ++count) {
            const Cut::Line line{splitter.text(), item == LineSplitter::Item::too_long};
            require(count < cut.lines.size() && line == cut.lines[count], "lines are those of the whole");
        }
        rest = splitter.rest();
    }
    require(count == cut.lines.size(), "no line is lost");
    require(rest == cut.rest && splitter.is_skipping() == cut.is_skipping, "the rest is that of the whole");
}

void check(std::string_view input) {
    std::string stream;
    for (std::size_t at = 0; at < input.size();) {
        const auto taken = expand(input.substr(at), stream);
        if (taken == 0) {
            stream.push_back(input[at]);
        }
        at += std::max<std::size_t>(taken, 1);
    }
    const Cut cut = simple_cut(stream);
    check_chunks(stream, stream.size(), cut);
    check_chunks(stream, 1 + stream.size() / 32, cut);
    std::string_view last;
    for (const auto& [text, is_too_long] : cut.lines) {
        if (!is_too_long && text != last) { // a line again and again tells nothing new
            check_line(ExactCopy(text).text());
        }
        last = text;
    }
    check_line(ExactCopy(cut.rest).text());
}

} // namespace
} // namespace agent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    agent::fuzz::check(agent::fuzz::text_of(data, size));
    return 0;
}
