#include "mabs/line_parser.hpp"

#include "core/limits.hpp"
#include "mabs/number.hpp"
#include "mabs/text.hpp"
#include "mabs/utf8.hpp"

namespace agent::mabs {

namespace {

using core::RejectReason;

// Walks over the fields of one line.
class Fields {
  public:
    explicit Fields(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {
        while (end_ != begin_ && is_blank(end_[-1])) {
            --end_;
        }
        at_ = skip_blanks(at_, end_);
    }

    // The next field, empty at the end of the line. A control character ends a field too; the next one then is empty
    // although the line goes on, which every caller takes for an error, and outranking_error() names it.
    std::string_view next() {
        const char* const begin = at_;
        const char* const field_end = find_field_end(at_, end_);
        at_ = skip_blanks(field_end, end_);
        return {begin, static_cast<std::size_t>(field_end - begin)};
    }

    // As next(), without moving on.
    std::string_view peek() const { return {at_, static_cast<std::size_t>(find_field_end(at_, end_) - at_)}; }

    std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

    LineError missing(RejectReason reason) const { return {reason, static_cast<std::uint32_t>(at_ - begin_), 0}; }

    LineError wrong(RejectReason reason, std::string_view field) const {
        return {reason, static_cast<std::uint32_t>(field.data() - begin_), static_cast<std::uint32_t>(field.size())};
    }

  private:
    const char* begin_;
    const char* at_;
    const char* end_;
};

bool has_equals(std::string_view field) {
    return field.find('=') != std::string_view::npos;
}

// What takes a part of a line returns whether it could, and where not says why in `error`. (An error in the return
// value would cost every good line a look at the stack.)
bool fail(LineError& error, LineError why) {
    error = why;
    return false;
}

bool check_timestamp(const Fields& fields, std::string_view field, const TimeWindow& window, const Line& out,
                     LineError& error) {
    if (out.timestamp_ms < window.oldest_ms) {
        return fail(error, fields.wrong(RejectReason::timestamp_too_old, field));
    }
    if (out.timestamp_ms > window.newest_ms) {
        return fail(error, fields.wrong(RejectReason::timestamp_too_far_ahead, field));
    }
    return true;
}

bool take_timestamp(const Fields& fields, std::string_view field, const TimeWindow& window, Line& out,
                    LineError& error) {
    if (!parse_timestamp(field, out.timestamp_ms)) {
        return fail(error, fields.wrong(RejectReason::bad_timestamp, field));
    }
    return check_timestamp(fields, field, window, out, error);
}

RejectReason reason_of(NumberFault fault) {
    switch (fault) {
    case NumberFault::none: return RejectReason::none;
    case NumberFault::malformed: return RejectReason::bad_value;
    case NumberFault::out_of_range: return RejectReason::value_out_of_range;
    }
    return RejectReason::bad_value;
}

NumberFault read_value(std::string_view field, Line& out) {
    out.value = field;
    if (out.verb == Verb::counter) {
        out.is_integer = true;
        return parse_integer(field, out.integer);
    }
    if (out.verb == Verb::put) { // an integer where it is one that fits, else a double
        out.is_integer = parse_integer(field, out.integer) == NumberFault::none;
        if (out.is_integer) {
            return NumberFault::none;
        }
    }
    return parse_decimal(field, out.number);
}

bool take_value(const Fields& fields, std::string_view field, Line& out, LineError& error) {
    if (const auto fault = read_value(field, out); fault != NumberFault::none) {
        return fail(error, fields.wrong(reason_of(fault), field));
    }
    return true;
}

// [timestamp] value, of everything but histograms.
bool take_numbers(Fields& fields, const TimeWindow& window, Line& out, LineError& error) {
    const bool is_put = out.verb == Verb::put;
    const auto before = fields;
    const auto first = fields.next();
    const auto second = fields.peek();
    // Nearly every line has both. What reads as a timestamp and a value has no `=`, so none is looked for.
    if (parse_timestamp(first, out.timestamp_ms) && read_value(second, out) == NumberFault::none) {
        fields.next();
        return check_timestamp(fields, first, window, out, error);
    }
    if (first.empty() || has_equals(first)) {
        return fail(error, before.missing(is_put ? RejectReason::missing_timestamp : RejectReason::missing_value));
    }
    if (second.empty() || has_equals(second)) {
        if (is_put) {
            return fail(error, fields.missing(RejectReason::missing_value));
        }
        out.timestamp_ms = window.now_ms;
        return take_value(fields, first, out, error);
    }
    fields.next();
    return take_timestamp(fields, first, window, out, error) && take_value(fields, second, out, error);
}

bool take_digest(Fields& fields, const TimeWindow& window, Line& out, LineError& error) {
    out.timestamp_ms = window.now_ms;
    if (looks_like_timestamp(fields.peek()) && !take_timestamp(fields, fields.next(), window, out, error)) {
        return false;
    }
    out.value = fields.next();
    if (out.value.empty()) {
        return fail(error, fields.missing(RejectReason::missing_value));
    }
    return true;
}

bool take_data(Fields& fields, const TimeWindow& window, Line& out, LineError& error) {
    out.metric = fields.next();
    if (out.metric.empty()) {
        return fail(error, fields.missing(RejectReason::missing_metric));
    }
    const bool taken = out.verb == Verb::histogram ? take_digest(fields, window, out, error)
                                                   : take_numbers(fields, window, out, error);
    out.tail = fields.rest();
    return taken;
}

Verb type_verb(std::string_view word) {
    switch (word.empty() ? '\0' : word[0]) {
    case 'c': return word.size() == 1 || word == "counter" ? Verb::counter : Verb::blank;
    case 'g': return word.size() == 1 || word == "gauge" ? Verb::gauge : Verb::blank;
    case 'h': return word.size() == 1 || word == "histogram" ? Verb::histogram : Verb::blank;
    case 's': return word.size() == 1 || word == "sample" ? Verb::sample : Verb::blank;
    default: return Verb::blank;
    }
}

bool take_sync(Fields& fields, Line& out, LineError& error) {
    out.verb = Verb::sync;
    out.value = fields.next();
    if (out.value.empty()) {
        return fail(error, fields.missing(RejectReason::missing_token));
    }
    if (out.value.size() > core::limits::max_token_bytes || find_bad_character(out.value)) {
        return fail(error, fields.wrong(RejectReason::bad_token, out.value));
    }
    return true;
}

Verb command_verb(std::string_view word) {
    if (word == "version") {
        return Verb::version;
    }
    if (word == "stats") {
        return Verb::stats;
    }
    if (word == "help") {
        return Verb::help;
    }
    return word == "quit" || word == "exit" ? Verb::quit : Verb::blank;
}

bool take_command(Fields& fields, std::string_view word, Line& out, LineError& error) {
    if (word == "sync") {
        if (!take_sync(fields, out, error)) {
            return false;
        }
    } else {
        out.verb = command_verb(word);
        if (out.verb == Verb::blank) {
            return fail(error, fields.wrong(RejectReason::unknown_command, word));
        }
    }
    if (const auto extra = fields.rest(); !extra.empty()) {
        return fail(error, fields.wrong(RejectReason::unexpected_field, extra));
    }
    return true;
}

} // namespace

TimeWindow TimeWindow::around(std::int64_t now_ms) {
    return {now_ms, now_ms - core::limits::max_age_ms, now_ms + core::limits::max_ahead_ms};
}

bool parse_line(std::string_view text, const TimeWindow& window, Line& out, LineError& error) {
    out.verb = Verb::blank;
    Fields fields(text);
    const auto word = fields.next();
    if (word == "mabs") {
        const auto type = fields.next();
        out.verb = type_verb(type);
        if (out.verb == Verb::blank) {
            return fail(error, fields.wrong(RejectReason::unknown_type, type));
        }
        return take_data(fields, window, out, error);
    }
    if (word == "put") {
        out.verb = Verb::put;
        return take_data(fields, window, out, error);
    }
    if (word.empty() && fields.rest().empty()) {
        return true;
    }
    return take_command(fields, word, out, error);
}

} // namespace agent::mabs
