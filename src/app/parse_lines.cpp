#include "app/parse_lines.hpp"

#include "app/caret.hpp"
#include "core/limits.hpp"
#include "mabs/line_check.hpp"
#include "mabs/utf8.hpp"

#include <limits>

namespace agent::app {

namespace {

using core::RejectReason;

constexpr std::int64_t no_timestamp_ms = -1; // no timestamp is negative

// Where the fault lies, from 1: an error about the line's length lies behind what there may be, or is, of it.
std::size_t column_of(const mabs::LineError& error, std::string_view text) {
    switch (error.reason) {
    case RejectReason::line_too_long: return core::limits::max_line_bytes + 1;
    case RejectReason::unterminated_line: return text.size() + 1;
    default: return std::size_t{error.offset} + 1;
    }
}

// What is not valid UTF-8, or a control character, becomes a question mark.
std::string printable(std::string_view text) {
    std::string result;
    while (const auto bad = mabs::find_bad_character(text)) {
        result.append(text.substr(0, bad->offset)).append("?");
        text.remove_prefix(bad->offset + bad->length);
    }
    return result.append(text);
}

} // namespace

void ParseLines::begin(std::string_view file) {
    splitter_ = {};
    line_number_ = 0;
    file_ = printable(file);
}

mabs::TimeWindow ParseLines::window() const {
    auto window = mabs::TimeWindow::around(options_.now_ms.value_or(clock_.unix_ms()));
    if (options_.any_time) {
        window.oldest_ms = std::numeric_limits<std::int64_t>::min();
        window.newest_ms = std::numeric_limits<std::int64_t>::max();
    }
    window.now_ms = no_timestamp_ms;
    return window;
}

void ParseLines::receive(std::string_view chunk, std::size_t rest_bytes) {
    const auto window = this->window();
    splitter_.begin(chunk, rest_bytes);
    for (;;) {
        switch (splitter_.next()) {
        case mabs::LineSplitter::Item::none: return;
        case mabs::LineSplitter::Item::too_long:
            ++line_number_;
            tell_error({}, {RejectReason::line_too_long, 0, 0});
            break;
        case mabs::LineSplitter::Item::line:
            ++line_number_;
            take(splitter_.text(), window);
            break;
        }
    }
}

void ParseLines::end_of_stream(std::string_view rest) {
    if (splitter_.is_skipping()) {
        ++line_number_;
        tell_error({}, {RejectReason::line_too_long, 0, 0});
    } else if (!rest.empty()) {
        ++line_number_;
        tell_error(rest, {RejectReason::unterminated_line, 0, static_cast<std::uint32_t>(rest.size())});
    }
}

void ParseLines::take(std::string_view text, const mabs::TimeWindow& window) {
    auto error = mabs::parse_line(text, window, line_);
    if (!error && line_.verb == mabs::Verb::blank) {
        return;
    }
    const bool is_data = mabs::carries_data(line_.verb);
    if (!error && is_data) {
        error = check(text);
    }
    if (error) {
        tell_error(text, error);
        return;
    }
    if (is_data) {
        append_sample(out_, place(), {line_, tags_, line_.timestamp_ms != no_timestamp_ms, digest_, layout_});
    } else {
        append_command(out_, place(), line_);
    }
    out_.push_back('\n');
}

mabs::LineError ParseLines::check(std::string_view text) {
    if (line_.verb == mabs::Verb::histogram) {
        const auto decoded = mabs::decode_value(line_, text, digest_bytes_, digest_, detail_);
        if (!decoded) {
            return decoded.error();
        }
        layout_ = *decoded;
    }
    return mabs::check_names(line_, text, tags_);
}

void ParseLines::tell_error(std::string_view text, const mabs::LineError& found) {
    all_good_ = false;
    const auto error = mabs::outranking_error(text, found);
    if (error.reason != found.reason) {
        detail_.clear(); // it explains the other error
    }
    message_.clear();
    mabs::append_message(message_, text, error, detail_);
    detail_.clear();
    const auto column = column_of(error, text);
    if (options_.error_columns == 0) {
        append_error(out_, place(), error.reason, message_, column);
        out_.push_back('\n');
        return;
    }
    out_.append(file_).append(file_.empty() ? "line " : ": line ").append(std::to_string(line_number_));
    out_.append(", column ").append(std::to_string(column)).append(": ");
    out_.append(core::to_string(error.reason)).append(": ").append(message_).push_back('\n');
    if (error.reason != RejectReason::line_too_long) { // of which nothing is kept
        append_place(out_, text, column - 1, error.offset + 1 == column ? error.length : 0, options_.error_columns);
    }
}

} // namespace agent::app
