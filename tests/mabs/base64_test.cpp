#include "mabs/base64.hpp"

#include "mabs/base64_blocks.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace agent::mabs;

std::vector<std::byte> bytes_of(std::string_view text) {
    std::vector<std::byte> bytes;
    for (const char c : text)
        bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

std::string encoded(const std::vector<std::byte>& bytes) {
    std::string text;
    base64_append(bytes, text);
    return text;
}

// The bytes, with what lies behind the room checked to be untouched.
boost::system::result<std::vector<std::byte>, Base64Error> decoded(std::string_view text) {
    constexpr std::byte guard{0xa5};
    const std::size_t room = base64_decoded_room(text.size());
    std::vector<std::byte> out(room + 64, guard);
    const auto size = base64_decode(text, std::span(out).first(room));
    for (std::size_t i = room; i < out.size(); ++i)
        REQUIRE(out[i] == guard);
    if (!size) return size.error();
    REQUIRE(*size <= room);
    out.resize(*size);
    return out;
}

std::vector<std::byte> random_bytes(std::mt19937_64& random, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

TEST_CASE("base64: the examples of RFC 4648") {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, text] : pairs) {
        CAPTURE(text);
        CHECK(encoded(bytes_of(plain)) == text);
        CHECK(*decoded(text) == bytes_of(plain));
        CHECK(*decoded(text.substr(0, text.find('='))) == bytes_of(plain)); // padding may be missing
    }
}

TEST_CASE("base64: spare bits of the last character may be set") {
    CHECK(*decoded("Zh==") == bytes_of("f"));
    CHECK(*decoded("Zm9") == *decoded("Zm8"));
}

TEST_CASE("base64: what is wrong, and where") {
    struct Wrong {
        std::string text;
        Base64Fault fault;
        std::size_t position;
    };
    const std::vector<Wrong> table{
        {"Z", Base64Fault::lone_character, 0},
        {"Zm9vY", Base64Fault::lone_character, 4},
        {"=", Base64Fault::bad_padding, 0},
        {"====", Base64Fault::bad_padding, 0},
        {"Zg=", Base64Fault::bad_padding, 2},
        {"Zm9v=", Base64Fault::bad_padding, 4},
        {"Zm9v====", Base64Fault::bad_padding, 4},
        {"Zg==Zg==", Base64Fault::bad_padding, 2},
        {"Z===", Base64Fault::bad_padding, 1},
        {"Zm9v\n", Base64Fault::bad_character, 4},
        {"Zm 9v", Base64Fault::bad_character, 2},
        {"Zm9-", Base64Fault::bad_character, 3},
        {"Zm9_", Base64Fault::bad_character, 3},
        {std::string("Zm\0v", 4), Base64Fault::bad_character, 2},
        {"\xc3\xa4Zm", Base64Fault::bad_character, 0},
        {"Zm9vZm9v\xff", Base64Fault::bad_character, 8},
    };
    for (const Wrong& wrong : table) {
        CAPTURE(wrong.text);
        const auto result = decoded(wrong.text);
        REQUIRE(result.has_error());
        CHECK(result.error() == Base64Error{wrong.fault, wrong.position});
    }
}

TEST_CASE("base64: any bytes of any length come back") {
    std::mt19937_64 random(1);
    for (std::size_t size = 0; size < 300; ++size) {
        const auto bytes = random_bytes(random, size);
        const std::string text = encoded(bytes);
        CHECK(text.size() == base64_encoded_size(size));
        CHECK(*decoded(text) == bytes);
    }
}

TEST_CASE("base64: each wrong character is found at each position") {
    std::mt19937_64 random(2);
    const std::string right = encoded(random_bytes(random, 120)); // 160 characters: blocks of 32, of 16, and a rest
    for (std::size_t position = 0; position < right.size(); ++position) {
        for (int c = 0; c < 256; ++c) {
            if (base64::value_of(static_cast<unsigned char>(c)) != base64::invalid) continue;
            std::string text = right;
            text[position] = static_cast<char>(c);
            const auto result = decoded(text);
            if (c == '=' && position + 1 == text.size()) continue; // that is padding
            REQUIRE(result.has_error());
            REQUIRE(result.error().position == position);
        }
    }
}

TEST_CASE("base64: the vector loops do as the plain one does") {
    std::mt19937_64 random(3);
    for (const base64::DecodeBlocks blocks : {base64::decode_blocks_ssse3(), base64::decode_blocks_avx2()}) {
        if (blocks == nullptr) continue; // not on this processor
        for (std::size_t size = 0; size < 200; ++size) {
            std::string text = encoded(random_bytes(random, size));
            if (size % 3 == 1 && !text.empty()) text[random() % text.size()] = static_cast<char>(random());
            std::vector<std::byte> plain(base64_decoded_room(text.size()));
            std::vector<std::byte> vectored(plain.size());
            const std::size_t all = base64::decode_blocks_plain(text, plain.data());
            const std::size_t done = blocks(text, vectored.data());
            CHECK(done % 4 == 0);
            CHECK(done <= all);
            CHECK(all - done < 64); // it stops early only near the end or near what is wrong
            CHECK(std::equal(vectored.begin(), vectored.begin() + static_cast<std::ptrdiff_t>(done / 4 * 3),
                             plain.begin()));
        }
    }
}

} // namespace
