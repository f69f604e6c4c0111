// The Base64 decoder, all its inner loops, and the encoder, against a decoder that does one bit at a time.
//
// Input: a byte that tells how to get the text. Even: the text follows. Odd: the text is the encoding of what follows
// the next three bytes, with one character written over as these say, because hardly any change to a long text leaves
// it near to right.
#include "mabs/base64.hpp"

#include "fuzz/fuzzer.hpp"
#include "mabs/base64_blocks.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace agent::fuzz {
namespace {

using mabs::Base64Error;
using mabs::Base64Fault;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::byte guard{0xa5};
constexpr std::size_t guard_bytes = 64;

struct Slow {
    bool ok = false;
    Base64Error error;
    std::vector<std::byte> bytes; // of whole groups before an error, too
};

Slow slow_decode(std::string_view text) {
    std::size_t size = text.size();
    for (int padding = 0; padding < 2 && text.size() % 4 == 0 && size > 0 && text[size - 1] == '='; ++padding) {
        --size;
    }
    Slow result;
    std::vector<bool> bits;
    for (std::size_t i = 0; i < size; ++i) {
        const auto value = alphabet.find(text[i]);
        if (value == std::string_view::npos) {
            result.error = {text[i] == '=' ? Base64Fault::bad_padding : Base64Fault::bad_character, i};
            bits.resize(i / 4 * 24);
            break;
        }
        for (int bit = 5; bit >= 0; --bit) {
            bits.push_back((value >> bit & 1) != 0);
        }
        result.ok = i + 1 == size;
    }
    result.ok = result.ok || size == 0;
    if (result.ok && size % 4 == 1) {
        result.ok = false;
        result.error = {Base64Fault::lone_character, size - 1};
    }
    for (std::size_t at = 0; at + 8 <= bits.size(); at += 8) {
        unsigned value = 0;
        for (std::size_t bit = 0; bit < 8; ++bit) {
            value = value << 1 | static_cast<unsigned>(bits[at + bit]);
        }
        result.bytes.push_back(static_cast<std::byte>(value));
    }
    return result;
}

// Room as the decoder asks for it, with something behind it that must stay. On the heap, for the sanitizer.
class GuardedRoom {
  public:
    explicit GuardedRoom(std::size_t size) : bytes_(size + guard_bytes, guard), size_(size) {}

    std::span<std::byte> room() { return std::span(bytes_).first(size_); }

    void check() const {
        for (std::size_t i = size_; i < bytes_.size(); ++i) {
            require(bytes_[i] == guard, "nothing is written behind the room");
        }
    }

  private:
    std::vector<std::byte> bytes_;
    std::size_t size_;
};

bool begins_with(std::span<const std::byte> bytes, std::span<const std::byte> beginning) {
    return bytes.size() >= beginning.size() &&
           (beginning.empty() || std::memcmp(bytes.data(), beginning.data(), beginning.size()) == 0);
}

void check_decode(const ExactCopy& copy, const Slow& slow) {
    GuardedRoom out(mabs::base64_decoded_room(copy.text().size()));
    const auto size = mabs::base64_decode(copy.text(), out.room());
    out.check();
    require(size.has_value() == slow.ok, "the decoder's verdict is that of the slow one");
    if (!size) {
        require(size.error() == slow.error, "the error is that of the slow decoder");
        return;
    }
    require(*size == slow.bytes.size() && begins_with(out.room(), slow.bytes),
            "the bytes are those of the slow decoder");
}

void check_blocks(const ExactCopy& copy, const Slow& slow, mabs::base64::DecodeBlocks decode) {
    if (decode == nullptr) {
        return;
    }
    const auto text = copy.text();
    GuardedRoom out(mabs::base64_decoded_room(text.size()));
    const std::size_t done = decode(text, out.room().data());
    out.check();
    require(done % 4 == 0 && done <= text.size(), "whole groups of the text are done");
    require(text.substr(0, done).find_first_not_of(alphabet) == std::string_view::npos,
            "a group with a wrong character is not done");
    const std::size_t bytes = done / 4 * 3;
    require(bytes <= slow.bytes.size() && begins_with(out.room(), std::span(slow.bytes).first(bytes)),
            "what is done is what the slow decoder gives");
}

void check_encode(std::span<const std::byte> bytes) {
    std::string text = "before";
    mabs::base64_append(bytes, text);
    require(text.starts_with("before"), "encoding appends");
    text.erase(0, 6);
    require(text.size() == mabs::base64_encoded_size(bytes.size()) && text.size() % 4 == 0, "encoding pads");
    const Slow back = slow_decode(text);
    require(back.ok && back.bytes.size() == bytes.size() && begins_with(bytes, back.bytes),
            "encoding and decoding gives the same bytes");
}

std::string text_of_input(std::string_view input) {
    if (input.empty()) {
        return {};
    }
    if (input[0] % 2 == 0 || input.size() < 4) {
        return std::string(input.substr(1));
    }
    std::string text;
    mabs::base64_append(std::as_bytes(std::span(input.substr(4))), text);
    const auto position = static_cast<std::size_t>(static_cast<unsigned char>(input[1])) << 8 |
                          static_cast<std::size_t>(static_cast<unsigned char>(input[2]));
    if (position < text.size()) {
        text[position] = input[3];
    }
    return text;
}

void check(std::string_view input) {
    const ExactCopy copy(text_of_input(input));
    const Slow slow = slow_decode(copy.text());
    check_decode(copy, slow);
    check_blocks(copy, slow, mabs::base64::decode_blocks_plain);
    check_blocks(copy, slow, mabs::base64::decode_blocks_ssse3());
    check_blocks(copy, slow, mabs::base64::decode_blocks_avx2());
    check_encode(copy.bytes());
    check_encode(slow.bytes);
}

} // namespace
} // namespace agent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    agent::fuzz::check(agent::fuzz::text_of(data, size));
    return 0;
}
