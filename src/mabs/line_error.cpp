#include "mabs/line_error.hpp"

#include "core/limits.hpp"
#include "mabs/shown_character.hpp"
#include "mabs/text.hpp"
#include "mabs/utf8.hpp"

namespace agent::mabs {

namespace {

using core::RejectReason;

// What is wrong, to stand behind the offending text in quotes or, where something is missing, alone.
std::string_view explanation(RejectReason reason) {
    switch (reason) {
    case RejectReason::none: return "nothing is wrong";
    case RejectReason::line_too_long: return "line is longer than 65536 bytes";
    case RejectReason::unterminated_line: return "has no LF behind it: the stream ended";
    case RejectReason::control_character: return "is a control character";
    case RejectReason::invalid_utf8: return "is not valid UTF-8";
    case RejectReason::unknown_command: return "is no command; \"help\" lists them";
    case RejectReason::unknown_type: return "is none of counter, gauge, histogram, sample (c, g, h, s)";
    case RejectReason::missing_metric: return "the metric's name is missing";
    case RejectReason::missing_value: return "the value is missing";
    case RejectReason::missing_timestamp: return "the timestamp is missing; a put needs one";
    case RejectReason::missing_token: return "sync needs a token to answer with";
    case RejectReason::bad_token: return "is no token: printable UTF-8 without blanks, 255 bytes at most";
    case RejectReason::unexpected_field: return "was not expected after this command";
    case RejectReason::bad_metric:
        return "is no metric name: 1 to 255 bytes of printable UTF-8 without blank = , { } \" \\";
    case RejectReason::bad_timestamp:
        return "is no timestamp: 10 digits (seconds) or 13 (milliseconds); it comes before the value";
    case RejectReason::timestamp_too_old: return "is older than 24 hours";
    case RejectReason::timestamp_too_far_ahead: return "is more than 10 minutes ahead of this host's clock";
    case RejectReason::bad_value: return "is not a value of this type";
    case RejectReason::value_out_of_range: return "is outside the range of this type";
    case RejectReason::bad_base64: return "is not Base64 (standard alphabet, one line)";
    case RejectReason::bad_digest: return "is not a serialized t-digest";
    case RejectReason::bad_tag: return "is not a tag: name=value";
    case RejectReason::bad_tag_name:
        return "has no valid tag name: 1 to 255 bytes of printable UTF-8 without blank = , { } \" \\";
    case RejectReason::tag_value_too_long: return "has a value longer than 1024 bytes";
    case RejectReason::duplicate_tag: return "is given twice";
    case RejectReason::too_many_tags: return "is one tag too many: 32 at most";
    case RejectReason::bad_by_node: return "is not a value of by_node: True, true, 1, False, false or 0";
    case RejectReason::denied: return "is on the denylist";
    case RejectReason::too_many_series:
        return "needs a new series or bucket, and the agent holds as many as --max-series allows";
    case RejectReason::overloaded: return "the agent is out of its memory limit or its journal is too far behind";
    }
    return "is wrong";
}

// What each type wants, for errors that are about the value. The line is asked, so that errors need not carry the type.
struct Wanted {
    std::string_view type;
    std::string_view value; // "counter wants ..."
    std::string_view range;
};

constexpr Wanted wanted_counter{"counter", "a decimal integer (int64)",
                                "an integer from -9223372036854775808 to 9223372036854775807"};
constexpr Wanted wanted_gauge{"gauge", "a decimal number (such as 1, -2.5 or 1e-5)", "a number below 1.8e308 (double)"};
constexpr Wanted wanted_sample{"sample", wanted_gauge.value, wanted_gauge.range};
constexpr Wanted wanted_put{"put", wanted_gauge.value, wanted_gauge.range};
constexpr Wanted wanted_histogram{"histogram", "a Base64 t-digest (standard alphabet, one line)", {}};

const Wanted* wanted_by(std::string_view line) {
    const char* const end = line.data() + line.size();
    const auto next = [end](const char* at) {
        const char* const begin = skip_blanks(at, end);
        return std::string_view(begin, static_cast<std::size_t>(find_field_end(begin, end) - begin));
    };
    const auto command = next(line.data());
    if (command == "put") {
        return &wanted_put;
    }
    const auto type = next(command.data() + command.size());
    switch (command != "mabs" || type.empty() ? '\0' : type[0]) {
    case 'c': return &wanted_counter;
    case 'g': return &wanted_gauge;
    case 's': return &wanted_sample;
    case 'h': return &wanted_histogram;
    default: return nullptr;
    }
}

// `counter wants a decimal integer (int64), got "1.5"`; false where that is not what is wrong.
bool append_wanted(std::string& out, std::string_view line, LineError error) {
    const auto reason = error.reason;
    const bool is_range = reason == RejectReason::value_out_of_range;
    if (!is_range && reason != RejectReason::bad_value && reason != RejectReason::bad_base64 &&
        reason != RejectReason::missing_value) {
        return false;
    }
    const auto* const wanted = wanted_by(line);
    if (wanted == nullptr || error.offset == 0) {
        return false;
    }
    if (reason == RejectReason::missing_value) {
        out.append("the value is missing: ");
    }
    out.append(wanted->type).append(" wants ").append(is_range ? wanted->range : wanted->value);
    if (error.length != 0) {
        out.append(", got ");
        append_quoted(out, line.substr(error.offset, error.length));
    }
    return true;
}

static_assert(core::limits::max_line_bytes == 65536 && core::limits::max_name_bytes == 255 &&
                  core::limits::max_tag_value_bytes == 1024 && core::limits::max_tags == 32 &&
                  core::limits::max_token_bytes == 255 && core::limits::max_age_ms == 24 * 3600 * 1000 &&
                  core::limits::max_ahead_ms == 10 * 60 * 1000,
              "the texts above name these limits");

bool quotes_no_text(RejectReason reason) {
    return reason == RejectReason::line_too_long || reason == RejectReason::overloaded;
}

} // namespace

LineError outranking_error(std::string_view line, LineError found) {
    if (found.reason == RejectReason::unterminated_line) { // perhaps cut inside a character, or before its LF
        return found;
    }
    const auto bad = find_bad_character(line, '\t');
    if (!bad) {
        return found;
    }
    const auto reason =
        bad->fault == CharacterFault::control_character ? RejectReason::control_character : RejectReason::invalid_utf8;
    return {reason, static_cast<std::uint32_t>(bad->offset), static_cast<std::uint32_t>(bad->length)};
}

void append_quoted(std::string& out, std::string_view text) {
    auto shown = text.substr(0, core::limits::max_quoted_bytes);
    if (shown.size() < text.size()) { // not in the middle of a character
        while (!shown.empty() && is_continuation(text[shown.size()])) {
            shown.remove_suffix(1);
        }
    }
    out.push_back('"');
    while (!shown.empty()) {
        const auto first = first_shown(shown);
        const auto bytes = shown.substr(0, first.length);
        if (first.is_escaped) {
            append_escaped(out, bytes);
        } else {
            out.append(bytes);
        }
        shown.remove_prefix(first.length);
    }
    out.push_back('"');
    if (text.size() > core::limits::max_quoted_bytes) {
        out.append("...");
    }
}

void append_message(std::string& out, std::string_view line, LineError error, std::string_view detail) {
    if (error.reason == RejectReason::overloaded && !detail.empty()) { // which load: the usual ones are not meant
        out.append(detail);
        return;
    }
    if (!append_wanted(out, line, error)) {
        if (error.length != 0 && !quotes_no_text(error.reason)) {
            append_quoted(out, line.substr(error.offset, error.length));
            out.push_back(' ');
        }
        const bool is_missing_type = error.reason == RejectReason::unknown_type && error.length == 0;
        out.append(is_missing_type ? "the type is missing: counter, gauge, histogram or sample (c, g, h, s)"
                                   : explanation(error.reason));
    }
    if (!detail.empty()) {
        out.append(": ");
        out.append(detail);
    }
}

} // namespace agent::mabs
