#include "mabs/text.hpp"

#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

// A copy that ends where its memory ends, so that AddressSanitizer sees a read behind it.
struct Exact {
    explicit Exact(std::string_view text) : size(text.size()), bytes(new char[text.size()]) {
        text.copy(bytes.get(), text.size());
    }
    const char* begin() const { return bytes.get(); }
    const char* end() const { return bytes.get() + size; }

    std::size_t size;
    std::unique_ptr<char[]> bytes;
};

std::size_t field_end(std::string_view text) {
    const Exact copy(text);
    return static_cast<std::size_t>(find_field_end(copy.begin(), copy.end()) - copy.begin());
}

std::size_t naive_field_end(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && static_cast<unsigned char>(text[at]) > 0x20) {
        ++at;
    }
    return at;
}

TEST_CASE("every byte at every place: blanks and control characters end a field, nothing else does") {
    for (std::size_t size = 1; size <= 20; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'x');
                text[at] = static_cast<char>(byte);
                CAPTURE(size);
                CAPTURE(at);
                CAPTURE(byte);
                REQUIRE(field_end(text) == (byte <= 0x20 ? at : size));
            }
        }
    }
}

TEST_CASE("the first of several ends is found, whatever stands around it") {
    std::mt19937 random(1);
    constexpr std::string_view hard = "\x00\x1f\x20\x21\x22\x7f\x80\x81\xa0\xff\tz";
    const std::string_view alphabet(hard.data(), 12);
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 40, '\0');
        for (auto& c : text) {
            c = random() % 4 == 0 ? alphabet[random() % alphabet.size()] : static_cast<char>(0x21 + random() % 0xDF);
        }
        REQUIRE(field_end(text) == naive_field_end(text));
    }
}

TEST_CASE("only space and tab are blanks") {
    for (int byte = 0; byte < 256; ++byte) {
        CHECK(is_blank(static_cast<char>(byte)) == (byte == ' ' || byte == '\t'));
        CHECK(is_digit(static_cast<char>(byte)) == (byte >= '0' && byte <= '9'));
    }
}

TEST_CASE("skip_blanks stops at the first other byte, or at the end") {
    const auto skipped = [](std::string_view text) {
        const Exact copy(text);
        return skip_blanks(copy.begin(), copy.end()) - copy.begin();
    };
    CHECK(skipped("") == 0);
    CHECK(skipped("a ") == 0);
    CHECK(skipped(" \t \ta") == 4);
    CHECK(skipped(" \t ") == 3);
    CHECK(skipped(" \r\n") == 1);
}

TEST_CASE("all_digits looks at each of them") {
    for (std::size_t size = 0; size <= 20; ++size) {
        std::string text(size, '7');
        CHECK(all_digits(text.data(), size));
        for (std::size_t at = 0; at < size; ++at) {
            for (const char c : {'/', ':', ' ', '\0', '\xB7'}) {
                auto wrong = text;
                wrong[at] = c;
                CHECK(!all_digits(wrong.data(), size));
            }
        }
    }
}

} // namespace
} // namespace agent::mabs
