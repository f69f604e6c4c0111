#include "mabs/number.hpp"

#include "mabs/text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace agent::mabs {

namespace {

constexpr std::size_t seconds_digits = 10;
constexpr std::size_t milliseconds_digits = 13;

// Up to eight digits at once (little-endian words: the first digit is the lowest byte). False: not all are digits.
bool parse_short_digits(const char* at, std::size_t count, std::int64_t& out) {
    const auto word = pad_digits(load_short(at, count), count);
    out = digits_value(word);
    return are_digits(word);
}

// The value of `count` (1 to 18) characters. False: not all are digits.
bool parse_digits(const char* at, std::size_t count, std::int64_t& out) {
    if constexpr (std::endian::native == std::endian::little) {
        if (count <= 8) {
            return parse_short_digits(at, count, out);
        }
    }
    if (!all_digits(at, count)) {
        return false;
    }
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        value = value * 10 + (at[i] - '0');
    }
    out = value;
    return true;
}

// 10 or 13 digits in two words.
bool parse_time_digits(std::string_view field, std::int64_t& out) {
    if constexpr (std::endian::native == std::endian::little) {
        const auto more = field.size() - 8;
        const auto high = load_u64(field.data());
        const auto low = pad_digits(load_short(field.data() + 8, more), more);
        out = digits_value(high) * std::int64_t{more == 2 ? 100 : 100'000} + digits_value(low);
        return are_digits(high) && are_digits(low);
    }
    return parse_digits(field.data(), field.size(), out);
}

std::string_view without_plus(std::string_view field) {
    return field.starts_with('+') ? field.substr(1) : field;
}

// Whether `text` is the unsigned part of a decimal, as the header's grammar has it.
bool is_unsigned_decimal(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto skip_digits = [&] {
        const char* const begin = at;
        while (at != end && is_digit(*at)) {
            ++at;
        }
        return at - begin;
    };
    auto mantissa_digits = skip_digits();
    if (at != end && *at == '.') {
        ++at;
        mantissa_digits += skip_digits();
    }
    if (mantissa_digits == 0) {
        return false;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at != end && (*at == '+' || *at == '-')) {
            ++at;
        }
        if (skip_digits() == 0) {
            return false;
        }
    }
    return at == end;
}

constexpr std::size_t exact_digits = 15; // any integer of so many digits is a double
constexpr std::array<double, exact_digits + 1> powers_of_ten{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// As below, for 2 to 8 characters: the point is found and closed up within one word.
bool parse_tiny_decimal(std::string_view text, double& out) {
    const auto size = text.size();
    const auto word = load_short(text.data(), size);
    const auto points = detail::zero_bytes(word ^ (detail::ones * '.'));
    if (points == 0) {
        const auto digits = pad_digits(word, size);
        out = digits_value(digits);
        return are_digits(digits);
    }
    const auto at = static_cast<std::size_t>(std::countr_zero(points)) / 8;
    const auto before = word & ~(~std::uint64_t{0} << (8 * at));
    const auto after = at == 7 ? 0 : word >> (8 * (at + 1));
    const auto digits = pad_digits(before | (after << (8 * at)), size - 1);
    out = static_cast<double>(digits_value(digits)) / powers_of_ten[size - 1 - at];
    return are_digits(digits);
}

// Most gauges: at most 15 digits and a point. Both operands of the division are exact, so its result is the nearest
// double (Clinger 1990). False where the text is anything else.
bool parse_short_decimal(std::string_view text, double& out) {
    if (text.size() - 2 <= 6 && std::endian::native == std::endian::little) {
        return parse_tiny_decimal(text, out);
    }
    if (text.size() > exact_digits + 1) {
        return false;
    }
    std::int64_t mantissa = 0;
    std::size_t digits = 0;
    std::size_t after_point = 0;
    bool point = false;
    for (const char c : text) {
        if (is_digit(c)) {
            mantissa = mantissa * 10 + (c - '0');
            ++digits;
            after_point += point ? 1 : 0;
        } else if (c == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (digits == 0 || digits > exact_digits) {
        return false;
    }
    out = static_cast<double>(mantissa) / powers_of_ten[after_point];
    return true;
}

} // namespace

bool looks_like_timestamp(std::string_view field) {
    return (field.size() == seconds_digits || field.size() == milliseconds_digits) &&
           all_digits(field.data(), field.size());
}

bool parse_timestamp(std::string_view field, std::int64_t& out_ms) {
    std::int64_t value = 0;
    if ((field.size() != seconds_digits && field.size() != milliseconds_digits) || !parse_time_digits(field, value)) {
        return false;
    }
    out_ms = field.size() == seconds_digits ? value * 1000 : value;
    return true;
}

NumberFault parse_integer(std::string_view field, std::int64_t& out) {
    const bool negative = field.starts_with('-');
    const auto text = negative ? field.substr(1) : without_plus(field);
    if (text.empty()) {
        return NumberFault::malformed;
    }
    std::int64_t value = 0;
    if (text.size() <= 18) {
        if (!parse_digits(text.data(), text.size(), value)) {
            return NumberFault::malformed;
        }
        out = negative ? -value : value;
        return NumberFault::none;
    }
    if (!all_digits(text.data(), text.size())) {
        return NumberFault::malformed;
    }
    for (const char c : text) { // towards the sign's own limit: int64 has one more negative
        const std::int64_t digit = c - '0';
        if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value)) {
            return NumberFault::out_of_range;
        }
    }
    out = value;
    return NumberFault::none;
}

NumberFault parse_decimal(std::string_view field, double& out) {
    const bool negative = field.starts_with('-');
    const auto text = negative ? field.substr(1) : without_plus(field);
    double value = 0;
    if (!parse_short_decimal(text, value)) {
        if (!is_unsigned_decimal(text)) {
            return NumberFault::malformed;
        }
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
        if (parsed.ec == std::errc::result_out_of_range) { // too large and too small look the same there
            value = std::strtod(std::string(text).c_str(), nullptr);
        }
        if (!std::isfinite(value)) {
            return NumberFault::out_of_range;
        }
    }
    out = negative ? -value : value;
    return NumberFault::none;
}

} // namespace agent::mabs
