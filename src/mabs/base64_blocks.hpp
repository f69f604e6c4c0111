// The inner loops of the Base64 decoder: plain C++ for every processor, and vectors for those that have them. The
// choice is made at run time, because the release binary is built for any x86-64.
//
// All of them do the same: decode from the left as many whole groups of four characters as they can, stop before a
// group that holds anything outside the alphabet or when little is left, and tell how many characters are done; three
// quarters as many bytes were written. The caller deals with the rest. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace agent::mabs::base64 {

using DecodeBlocks = std::size_t (*)(std::string_view text, std::byte* out);

// `out` has room for base64_decoded_room(text.size()), of which bytes past those decoded may be overwritten.
std::size_t decode_blocks_plain(std::string_view text, std::byte* out);

// The vector loops that this processor runs; null where it does not.
DecodeBlocks decode_blocks_ssse3();
DecodeBlocks decode_blocks_avx2();

// The fastest of those.
DecodeBlocks decode_blocks_best();

// The value of a character, or `invalid`.
inline constexpr unsigned char invalid = 0xff;
unsigned char value_of(unsigned char character);

} // namespace agent::mabs::base64
