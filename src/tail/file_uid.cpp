#include "tail/file_uid.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <sys/random.h>

namespace agent::tail {

namespace {

constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
using Bits = std::array<std::uint64_t, 2>; // 40 bits each

std::string spelled(const Bits& bits) {
    std::string text;
    text.reserve(uid_chars);
    for (const auto half : bits) {
        for (unsigned shift = 0; shift < 40; shift += 5) {
            text.push_back(alphabet[(half >> shift) & 31]);
        }
    }
    return text;
}

std::string bytes_of(std::uint64_t number) {
    std::string bytes;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        bytes.push_back(static_cast<char>(number >> shift));
    }
    return bytes;
}

} // namespace

std::string make_uid() {
    Bits bits{};
    if (getrandom(bits.data(), sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
        std::abort(); // never for so few bytes
    }
    return spelled(bits);
}

std::string derived_uid(const FileId& id, const Fingerprint& fingerprint) {
    const auto text = bytes_of(id.inode) + bytes_of(static_cast<std::uint64_t>(id.birth_ns)) +
                      bytes_of(fingerprint.length) + bytes_of(fingerprint.hash);
    return spelled({content_hash(text), content_hash(text + "second half")});
}

bool is_uid(std::string_view text) {
    return text.size() == uid_chars &&
           std::ranges::all_of(text, [](char c) { return alphabet.find(c) != std::string_view::npos; });
}

} // namespace agent::tail
