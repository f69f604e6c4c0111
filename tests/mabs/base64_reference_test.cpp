// The decoder with its vector loops beside a plain one, written from RFC 4648 and the Java library's leniency alone.
#include "mabs/base64.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace agent::mabs;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string reference_encoded(std::span<const std::byte> bytes) {
    std::string text;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
        unsigned value = 0;
        for (std::size_t i = bit; i < bit + 6; ++i) {
            const unsigned byte = i / 8 < bytes.size() ? std::to_integer<unsigned>(bytes[i / 8]) : 0;
            value = value << 1 | (byte >> (7 - i % 8) & 1);
        }
        text += alphabet[value];
    }
    while (text.size() % 4 != 0)
        text += '=';
    return text;
}

// Bit by bit; nothing for what must be rejected.
std::optional<std::vector<std::byte>> reference_decoded(std::string_view text) {
    const bool is_padded = text.size() % 4 == 0 && text.ends_with('=');
    if (is_padded) text.remove_suffix(text.ends_with("==") ? 2 : 1);
    if (text.size() % 4 == 1) return std::nullopt;
    std::vector<bool> bits;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        for (unsigned bit = 6; bit-- > 0;)
            bits.push_back((value >> bit & 1) != 0);
    }
    std::vector<std::byte> bytes(bits.size() / 8);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i)
        bytes[i / 8] |= static_cast<std::byte>((bits[i] ? 1U : 0U) << (7 - i % 8));
    return bytes;
}

std::optional<std::vector<std::byte>> decoded(std::string_view text) {
    // On the heap with no spare room, so that a sanitizer sees what is read or written beside them.
    const std::vector<char> copy(text.begin(), text.end());
    std::vector<std::byte> out(base64_decoded_room(text.size()));
    const auto size = base64_decode({copy.data(), copy.size()}, out);
    if (!size) return std::nullopt;
    out.resize(*size);
    return out;
}

std::vector<std::byte> random_bytes(std::mt19937_64& random, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

// What a careless or hostile client does to a text.
void corrupt(std::mt19937_64& random, std::string& text) {
    static constexpr std::string_view favourites("=-_\n\r \t\0\x80\xff\x7f@[`{:,.*", 19);
    if (text.empty()) return;
    const std::size_t at = random() % text.size();
    switch (random() % 6) {
    case 0: text[at] = static_cast<char>(random()); break;
    case 1: text[at] = favourites[random() % favourites.size()]; break;
    case 2: text.insert(at, 1, favourites[random() % favourites.size()]); break;
    case 3: text.erase(at, 1 + random() % 3); break;
    case 4: text.append(1 + random() % 3, '='); break;
    default: text.resize(at); break;
    }
}

TEST_CASE("base64 reference: every length, padded and not") {
    std::mt19937_64 random(11);
    for (std::size_t size = 0; size <= 200; ++size) {
        CAPTURE(size);
        const auto bytes = random_bytes(random, size);
        std::string text = "kept:";
        base64_append(bytes, text);
        REQUIRE(text == "kept:" + reference_encoded(bytes));
        text.erase(0, 5);
        REQUIRE(decoded(text) == bytes);
        const std::string bare = text.substr(0, text.find('='));
        REQUIRE(decoded(bare) == bytes);
        if (bare.size() == text.size()) continue;
        // The spare bits of the last character, all of them set.
        std::string spare = text;
        const std::size_t last = bare.size() - 1;
        spare[last] = alphabet[alphabet.find(spare[last]) | (text.ends_with("==") ? 15U : 3U)];
        REQUIRE(decoded(spare) == bytes);
    }
}

TEST_CASE("base64 reference: random texts, most of them corrupted") {
    std::mt19937_64 random(12);
    int accepted = 0;
    int rejected = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string text = reference_encoded(random_bytes(random, random() % 150));
        for (auto faults = random() % 3; faults > 0; --faults)
            corrupt(random, text);
        const auto wanted = reference_decoded(text);
        const auto got = decoded(text);
        if (got != wanted) {
            CAPTURE(text);
            CHECK(got == wanted);
        }
        ++(wanted ? accepted : rejected);
    }
    CHECK(accepted > 30'000); // or the test would prove little
    CHECK(rejected > 20'000);
}

TEST_CASE("base64 reference: the position is that of the first wrong character") {
    std::mt19937_64 random(13);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = reference_encoded(random_bytes(random, 3 * (1 + random() % 60)));
        for (auto faults = 1 + random() % 3; faults > 0; --faults)
            text[random() % text.size()] = "-_\n \x80\xff"[random() % 6];
        const std::size_t wrong = text.find_first_not_of(alphabet);
        std::vector<std::byte> out(base64_decoded_room(text.size()));
        const auto size = base64_decode(text, out);
        REQUIRE(size.has_error());
        REQUIRE(size.error() == Base64Error{Base64Fault::bad_character, wrong});
    }
}

} // namespace
