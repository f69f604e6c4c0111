// Base64 of RFC 4648: the standard alphabet, on one line.
//
// Decoding takes what the Java library's decoder takes: padding may be missing, and the spare bits of the last
// character may be set. Everything else is an error that tells where it is: a character outside the alphabet (blanks
// and line breaks among them), padding that is incomplete or has something behind it, and a lone last character.
// Encoding pads. Nothing is allocated but what a string needs to grow. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace agent::mabs {

enum class Base64Fault : std::uint8_t { bad_character, bad_padding, lone_character };

struct Base64Error {
    Base64Fault fault{};
    std::size_t position = 0; // of the offending character, from 0

    bool operator==(const Base64Error&) const = default;
};

// Room that is enough to decode any text of that length.
constexpr std::size_t base64_decoded_room(std::size_t text_size) {
    return text_size / 4 * 3 + (text_size % 4 * 3) / 4;
}

constexpr std::size_t base64_encoded_size(std::size_t size_bytes) {
    return (size_bytes + 2) / 3 * 4;
}

// Decodes into `out`, which has base64_decoded_room(text.size()) bytes or more, and gives how many bytes came out. What
// lies behind them in `out`, and all of it after an error, is left undefined.
[[nodiscard]] boost::system::result<std::size_t, Base64Error> base64_decode(std::string_view text,
                                                                            std::span<std::byte> out);

// Writes base64_encoded_size(bytes.size()) characters to `out` and gives where they end.
char* base64_encode(std::span<const std::byte> bytes, char* out);

// Appends to `out`.
void base64_append(std::span<const std::byte> bytes, std::string& out);

} // namespace agent::mabs
