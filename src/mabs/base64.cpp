#include "mabs/base64.hpp"

#include "mabs/base64_blocks.hpp"

#include <array>
#include <cassert>
#include <cstdint>

namespace agent::mabs {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned char value_at(std::string_view text, std::size_t position) {
    return base64::value_of(static_cast<unsigned char>(text[position]));
}

// The text without its padding, if that is complete; otherwise the text as it is, whose `=` will be found wrong.
std::string_view without_padding(std::string_view text) {
    if (text.size() % 4 != 0 || !text.ends_with('=')) return text;
    text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
    return text;
}

Base64Error error_at(std::string_view text, std::size_t position) {
    return {text[position] == '=' ? Base64Fault::bad_padding : Base64Fault::bad_character, position};
}

} // namespace

boost::system::result<std::size_t, Base64Error> base64_decode(std::string_view text, std::span<std::byte> out) {
    assert(out.size() >= base64_decoded_room(text.size()));
    static const base64::DecodeBlocks decode_blocks = base64::decode_blocks_best();
    const std::string_view digits = without_padding(text);
    std::size_t done = decode_blocks(digits, out.data());
    done += base64::decode_blocks_plain(digits.substr(done), out.data() + done / 4 * 3);
    std::byte* end = out.data() + done / 4 * 3;
    std::uint32_t bits = 0;
    const std::size_t rest = digits.size() - done;
    for (std::size_t i = 0; i < rest; ++i) {
        // More than three are left only where one of the next four is wrong.
        const unsigned char value = value_at(digits, done + i);
        if (value == base64::invalid) return error_at(digits, done + i);
        bits = bits << 6 | value;
    }
    if (rest == 1) return Base64Error{Base64Fault::lone_character, done};
    if (rest == 2) *end++ = static_cast<std::byte>(bits >> 4);
    if (rest == 3) {
        *end++ = static_cast<std::byte>(bits >> 10);
        *end++ = static_cast<std::byte>(bits >> 2);
    }
    return static_cast<std::size_t>(end - out.data());
}

char* base64_encode(std::span<const std::byte> bytes, char* out) {
    const auto digit = [&](std::uint32_t bits) { *out++ = alphabet[bits & 0x3f]; };
    while (bytes.size() >= 3) {
        const auto bits = std::to_integer<std::uint32_t>(bytes[0]) << 16 |
                          std::to_integer<std::uint32_t>(bytes[1]) << 8 | std::to_integer<std::uint32_t>(bytes[2]);
        digit(bits >> 18);
        digit(bits >> 12);
        digit(bits >> 6);
        digit(bits);
        bytes = bytes.subspan(3);
    }
    if (bytes.empty()) return out;
    const bool two = bytes.size() == 2;
    const auto bits =
        std::to_integer<std::uint32_t>(bytes[0]) << 16 | (two ? std::to_integer<std::uint32_t>(bytes[1]) << 8 : 0);
    digit(bits >> 18);
    digit(bits >> 12);
    if (two)
        digit(bits >> 6);
    else
        *out++ = '=';
    *out++ = '=';
    return out;
}

void base64_append(std::span<const std::byte> bytes, std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + base64_encoded_size(bytes.size()));
    base64_encode(bytes, out.data() + before);
}

} // namespace agent::mabs
