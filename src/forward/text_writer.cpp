#include "forward/text_writer.hpp"

#include "mabs/utf8.hpp"

#include <charconv>
#include <cmath>

namespace agent::forward {

namespace {

constexpr std::uint64_t ones = 0x0101010101010101U;
constexpr std::uint64_t high_bits = ones * 0x80U;

// Eight bytes at a time: whether any is below n (n <= 128), whether any is c.
constexpr bool has_less(std::uint64_t bytes, std::uint8_t n) {
    return ((bytes - ones * n) & ~bytes & high_bits) != 0;
}
constexpr bool has_byte(std::uint64_t bytes, char c) {
    return has_less(bytes ^ (ones * static_cast<std::uint8_t>(c)), 1);
}

constexpr bool needs_json_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}
constexpr bool needs_key_escape(char c) {
    return c == ',' || c == '}' || c == '\\';
}

char* escape_json(char* at, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    *at++ = '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
        *at++ = c;
        return at;
    }
    *at++ = 'u';
    *at++ = '0';
    *at++ = '0';
    *at++ = digits[static_cast<unsigned char>(c) >> 4];
    *at++ = digits[static_cast<unsigned char>(c) & 0x0F];
    return at;
}

// So many bytes are UTF-8.
std::size_t valid_prefix(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size()) {
        const std::size_t next = mabs::first_character(text.substr(length)).length;
        if (next == 0) {
            break;
        }
        length += next;
    }
    return length;
}

} // namespace

void TextWriter::integer(std::int64_t value) {
    at_ = std::to_chars(at_, at_ + number_chars, value).ptr;
}

void TextWriter::integer(std::uint64_t value) {
    at_ = std::to_chars(at_, at_ + number_chars, value).ptr;
}

void TextWriter::number(double value) {
    constexpr double exact = 9007199254740992.0; // 2^53
    if (!std::isfinite(value)) {
        text("null");
    } else if (value == 0 && std::signbit(value)) {
        text("-0.0"); // as an integer it would lose its sign
    } else if (std::abs(value) <= exact && value == std::trunc(value)) {
        integer(static_cast<std::int64_t>(value));
    } else {
        at_ = std::to_chars(at_, at_ + number_chars, value).ptr;
    }
}

void TextWriter::seconds(std::int64_t milliseconds) {
    auto magnitude = static_cast<std::uint64_t>(milliseconds);
    if (milliseconds < 0) {
        put('-');
        magnitude = 0 - magnitude;
    }
    integer(magnitude / 1000);
    if (auto rest = static_cast<unsigned>(magnitude % 1000); rest != 0) {
        put('.');
        for (unsigned unit = 100; rest != 0; unit /= 10) {
            put(static_cast<char>('0' + rest / unit));
            rest %= unit;
        }
    }
}

void TextWriter::json_text(std::string_view text) {
    const char* from = text.data();
    const char* const end = from + text.size();
    while (end - from >= 8) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, from, sizeof bytes);
        if (has_less(bytes, 0x20) || has_byte(bytes, '"') || has_byte(bytes, '\\')) {
            break;
        }
        std::memcpy(at_, &bytes, sizeof bytes);
        at_ += sizeof bytes;
        from += sizeof bytes;
    }
    for (; from != end; ++from) {
        if (needs_json_escape(*from)) {
            at_ = escape_json(at_, *from);
        } else {
            *at_++ = *from;
        }
    }
}

void TextWriter::json_tags(std::span<const core::Tag> tags) {
    put('{');
    bool first = true;
    for (const core::Tag& tag : tags) {
        if (!first) {
            put(',');
        }
        first = false;
        json_string(tag.name);
        put(':');
        json_string(tag.value);
    }
    put('}');
}

void TextWriter::lossy_json_string(std::string_view bytes) {
    put('"');
    while (!bytes.empty()) {
        const std::size_t good = valid_prefix(bytes);
        json_text(bytes.substr(0, good));
        bytes.remove_prefix(good);
        if (!bytes.empty()) {
            text("\xEF\xBF\xBD");
            bytes.remove_prefix(1);
        }
    }
    put('"');
}

void TextWriter::key_text(std::string_view text) {
    for (const char c : text) {
        if (needs_key_escape(c)) {
            put('\\');
        }
        put(c);
    }
}

} // namespace agent::forward
