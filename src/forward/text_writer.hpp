// Appends text to a string through a bare pointer: room is made once, for the longest that the text can become, and
// what was not used is given back at the end. The caller promises not to write more than it asked room for.
#pragma once

#include "core/series.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace agent::forward {

class TextWriter {
  public:
    // The longest that each can become.
    static constexpr std::size_t number_chars = 24;       // any double, any 64-bit integer, null
    static constexpr std::size_t json_chars_per_byte = 6; // \u001f
    static constexpr std::size_t key_chars_per_byte = 2;  // a backslash before it

    TextWriter(std::string& out, std::size_t room) : out_(out) {
        const std::size_t before = out.size();
        out.resize(before + room);
        at_ = out.data() + before;
    }
    ~TextWriter() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
    TextWriter(const TextWriter&) = delete;
    TextWriter& operator=(const TextWriter&) = delete;

    void put(char c) { *at_++ = c; }
    void text(std::string_view text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }

    void integer(std::int64_t value);
    void integer(std::uint64_t value);
    void number(double value);               // shortest that parses back; null when not finite
    void seconds(std::int64_t milliseconds); // 1.5, never 1.500
    void json_text(std::string_view text);   // without the quotes around it
    void key_text(std::string_view text);    // `,` `}` `\` escaped

    void json_tags(std::span<const core::Tag> tags); // {"a":"1","b":"2"}
    void json_string(std::string_view text) {
        put('"');
        json_text(text);
        put('"');
    }
    void lossy_json_string(std::string_view bytes); // any bytes: one that is no UTF-8 becomes U+FFFD

  private:
    std::string& out_;
    char* at_;
};

} // namespace agent::forward
