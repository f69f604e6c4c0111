// Known values, and that the instruction and the tables agree whatever the length and the place in memory.
#include "journal/crc32c.hpp"

#include "support/bytes.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace agent;
using journal::crc32c;
using journal::crc32c_from_tables;

TEST_CASE("crc32c: known values") {
    std::string up;
    std::string down;
    for (int i = 0; i < 32; ++i) {
        up += static_cast<char>(i);
        down += static_cast<char>(31 - i);
    }
    const struct {
        std::string bytes;
        std::uint32_t crc;
    } known[] = {
        {"", 0x00000000},
        {"a", 0xC1D04330},
        {"123456789", 0xE3069283},
        {std::string(32, '\0'), 0x8A9136AA}, // this and the next three: RFC 3720, B.4
        {std::string(32, '\xFF'), 0x62A8AB43},
        {up, 0x46DD794E},
        {down, 0x113FDB5C},
        {"The quick brown fox jumps over the lazy dog", 0x22620404},
    };
    for (const auto& each : known) {
        CAPTURE(each.bytes.size());
        CHECK(crc32c(test::bytes_of(each.bytes)) == each.crc);
        CHECK(crc32c_from_tables(test::bytes_of(each.bytes)) == each.crc);
    }
}

TEST_CASE("crc32c: the instruction and the tables agree at each length and place, whole and in two parts") {
    std::mt19937 random(7);
    test::Bytes bytes(200);
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random());
    }
    for (std::size_t begin = 0; begin < 9; ++begin) {
        for (std::size_t size = 0; size + begin <= bytes.size(); ++size) {
            const auto piece = std::span<const std::byte>(bytes).subspan(begin, size);
            const std::uint32_t crc = crc32c(piece);
            const std::size_t cut = size == 0 ? 0 : random() % size;
            REQUIRE(crc32c_from_tables(piece) == crc);
            REQUIRE(crc32c(piece.subspan(cut), crc32c(piece.first(cut))) == crc);
            REQUIRE(crc32c_from_tables(piece.subspan(cut), crc32c_from_tables(piece.first(cut))) == crc);
        }
    }
}
