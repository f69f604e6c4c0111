#include "fuzz/line_checks.hpp"

#include "fuzz/fuzzer.hpp"
#include "mabs/base64.hpp"
#include "mabs/line_parser.hpp"
#include "mabs/tag_parser.hpp"
#include "mabs/utf8.hpp"
#include "support/fake_clock.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace agent::fuzz {

namespace {

using core::RejectReason;
using mabs::Line;
using mabs::LineError;
using mabs::Verb;

const mabs::TimeWindow window = mabs::TimeWindow::around(test::FakeClock::start_unix_ms);

constexpr std::size_t max_explanation_bytes = 120;
// Every quoted byte as \xNN, two quotes, three points and a blank.
constexpr std::size_t max_message_bytes = 4 * core::limits::max_quoted_bytes + 6 + max_explanation_bytes;

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_error(std::string_view text, LineError error) {
    require(static_cast<std::size_t>(error.reason) < core::reject_reason_count, "the reason is one of the list");
    require(error.offset <= text.size() && error.length <= text.size() - error.offset, "errors lie within the line");
    const auto shown = mabs::outranking_error(text, error);
    require(shown.offset <= text.size() && shown.length <= text.size() - shown.offset, "errors lie within the line");
    const bool is_about_character =
        shown.reason == RejectReason::control_character || shown.reason == RejectReason::invalid_utf8;
    require(is_about_character == mabs::find_bad_character(text, '\t').has_value(), "bad characters outrank");
    std::string message;
    mabs::append_message(message, text, shown);
    require(!message.empty() && message.size() <= max_message_bytes, "messages are short");
    require(!mabs::find_bad_character(message), "messages are valid text");
}

// What the C library makes of the number; false where it is none or not finite.
bool c_decimal(std::string_view field, double& out) {
    const std::string text(field);
    if (text.empty() || text.find_first_not_of("+-.0123456789eE") != std::string::npos) {
        return false;
    }
    char* end = nullptr;
    out = std::strtod(text.c_str(), &end);
    return end == text.c_str() + text.size() && std::isfinite(out);
}

bool c_integer(std::string_view field, std::int64_t& out) {
    const std::string text(field);
    if (text.empty() || text.find_first_not_of("+-0123456789") != std::string::npos) {
        return false;
    }
    char* end = nullptr;
    errno = 0;
    out = std::strtoll(text.c_str(), &end, 10);
    return end == text.c_str() + text.size() && errno == 0;
}

void check_number(const Line& line) {
    std::int64_t integer = 0;
    double number = 0;
    if (line.verb == Verb::counter || line.verb == Verb::put) {
        require(c_integer(line.value, integer) == line.is_integer, "an integer is what the C library takes for one");
        require(!line.is_integer || integer == line.integer, "integers are those of the C library");
    }
    if (!line.is_integer) {
        require(c_decimal(line.value, number), "a decimal is what the C library takes for one");
        require(std::bit_cast<std::uint64_t>(number) == std::bit_cast<std::uint64_t>(line.number),
                "decimals are those of the C library");
    }
}

void check_rejected_number(Verb verb, std::string_view field) {
    std::int64_t integer = 0;
    double number = 0;
    require(verb == Verb::counter ? !c_integer(field, integer) : !c_decimal(field, number),
            "no number of the C library is rejected");
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= core::limits::max_name_bytes &&
           text.find_first_of(" \t=,{}\"\\") == std::string_view::npos;
}

void check_tags(const mabs::TagList& tags, std::string_view tail, bool has_flag) {
    require(tags.count <= core::limits::max_tags, "tags are not too many");
    for (std::size_t i = 0; i < tags.count; ++i) {
        const auto& [name, value] = tags.tags[i];
        require(is_name(name) && lies_in(name, tail), "names are right");
        require(!value.empty() && value.size() <= core::limits::max_tag_value_bytes && lies_in(value, tail),
                "values are right");
        require(i == 0 || tags.tags[i - 1].name < name, "names are sorted and distinct");
        require(!has_flag || name != "by_node", "the flag is no tag");
    }
}

std::string number_text(const Line& line) {
    std::array<char, 32> text{};
    // A put's decimal must not turn into an integer.
    const auto end = line.is_integer
                         ? std::to_chars(text.begin(), text.end(), line.integer).ptr
                         : std::to_chars(text.begin(), text.end(), line.number, std::chars_format::scientific).ptr;
    return {text.begin(), end};
}

std::string_view word_of(Verb verb, bool is_short) {
    switch (verb) {
    case Verb::counter: return is_short ? "mabs\t c" : "mabs counter";
    case Verb::gauge: return is_short ? "mabs\t g" : "mabs gauge";
    case Verb::histogram: return is_short ? "mabs\t h" : "mabs histogram";
    case Verb::sample: return is_short ? "mabs\t s" : "mabs sample";
    default: return "put";
    }
}

// The line anew: in the form that has one spelling for each meaning, or in one that uses the freedoms there are.
std::string respelled(const Line& line, const mabs::TagList& tags, bool is_odd) {
    const std::string gap = is_odd ? " \t " : " ";
    std::string text = is_odd ? "\t " : "";
    text.append(word_of(line.verb, is_odd)).append(gap).append(line.metric);
    text.append(gap).append(std::to_string(line.timestamp_ms)).append(gap);
    if (line.verb == Verb::histogram) {
        text.append(line.value);
    } else {
        const auto number = number_text(line);
        text.append(is_odd && !number.starts_with('-') ? "+" : "").append(number);
    }
    std::vector<core::Tag> list(tags.view().begin(), tags.view().end());
    if (is_odd) {
        std::ranges::reverse(list);
        if (std::ranges::find(list, "nothing", &core::Tag::name) == list.end()) {
            list.push_back({"nothing", ""});
        }
    }
    if (line.verb != Verb::put) {
        list.insert(is_odd ? list.begin() : list.end(), {"by_node", tags.by_node ? "True" : is_odd ? "" : "0"});
    }
    for (const auto& tag : list) {
        text.append(gap).append(tag.name).append("=").append(tag.value);
    }
    return text.append(is_odd ? gap : "");
}

void check_respelled(const Line& line, const mabs::TagList& tags, bool is_odd) {
    const auto text = respelled(line, tags, is_odd);
    Line again;
    require(!mabs::parse_line(text, window, again), "a line spelled anew is right");
    require(again.verb == line.verb && again.metric == line.metric && again.timestamp_ms == line.timestamp_ms,
            "a line spelled anew is the same");
    if (line.verb == Verb::histogram) {
        require(again.value == line.value, "a digest spelled anew is the same");
    } else {
        require(again.is_integer == line.is_integer, "a number spelled anew is of the same kind");
        require(line.is_integer
                    ? again.integer == line.integer
                    : std::bit_cast<std::uint64_t>(again.number) == std::bit_cast<std::uint64_t>(line.number),
                "a number spelled anew is the same");
    }
    mabs::TagList list;
    const auto by_node = line.verb == Verb::put ? mabs::ByNode::ordinary_tag : mabs::ByNode::flag;
    require(!mabs::parse_tags(again.tail, by_node, list), "tags spelled anew are right");
    require(std::ranges::equal(list.view(), tags.view()) && list.by_node == tags.by_node,
            "tags spelled anew are the same");
}

LineError moved(LineError error, std::string_view text, std::string_view part) {
    error.offset += static_cast<std::uint32_t>(part.data() - text.data());
    return error;
}

void check_data(std::string_view text, const Line& line) {
    require(lies_in(line.metric, text) && lies_in(line.tail, text) && lies_in(line.value, text),
            "views point into the line");
    require(line.timestamp_ms >= window.oldest_ms && line.timestamp_ms <= window.newest_ms,
            "timestamps are in the window");
    if (line.verb != Verb::histogram) {
        check_number(line);
    }
    if (const auto error = mabs::check_metric(line.metric)) {
        return check_error(text, moved(error, text, line.metric));
    }
    require(is_name(line.metric), "metrics are right");
    mabs::TagList tags;
    const auto by_node = line.verb == Verb::put ? mabs::ByNode::ordinary_tag : mabs::ByNode::flag;
    if (const auto error = mabs::parse_tags(line.tail, by_node, tags)) {
        require(error.offset <= line.tail.size() && error.length <= line.tail.size() - error.offset,
                "errors of tags lie within the tail");
        return check_error(text, moved(error, text, line.tail));
    }
    check_tags(tags, line.tail, line.verb != Verb::put);
    if (mabs::find_bad_character(text, '\t')) { // may still stand in what is to be a digest
        std::vector<std::byte> room(mabs::base64_decoded_room(line.value.size()));
        require(line.verb == Verb::histogram && !mabs::base64_decode(line.value, room),
                "bad characters are never accepted");
    }
    check_respelled(line, tags, false);
    check_respelled(line, tags, true);
}

void check_command(std::string_view text, const Line& line) {
    require(!mabs::find_bad_character(text, '\t'), "bad characters are never accepted");
    if (line.verb == Verb::sync) {
        require(lies_in(line.value, text) && !line.value.empty() && line.value.size() <= core::limits::max_token_bytes,
                "a token is there and short");
        require(line.value.find_first_of(" \t") == std::string_view::npos, "a token has no blanks");
    }
}

} // namespace

void check_line(std::string_view text) {
    Line line;
    const auto error = mabs::parse_line(text, window, line);
    if (error) {
        check_error(text, error);
        if (error.reason == RejectReason::bad_value || error.reason == RejectReason::value_out_of_range) {
            check_rejected_number(line.verb, text.substr(error.offset, error.length));
        }
    } else if (mabs::carries_data(line.verb)) {
        check_data(text, line);
    } else if (line.verb != Verb::blank) {
        check_command(text, line);
    }
    const bool has_only_blanks = text.find_first_not_of(" \t") == std::string_view::npos;
    require(has_only_blanks == (!error && line.verb == Verb::blank), "a blank line is one with nothing but blanks");
}

} // namespace agent::fuzz
