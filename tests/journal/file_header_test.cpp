// The first 80 bytes of a file: what they are, which are refused, and which are another version's.
#include "journal/file_header.hpp"

#include "journal/crc32c.hpp"
#include "journal/little_endian.hpp"
#include "support/bytes.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace agent;
using journal::FileHeader;
using journal::FileKind;
using journal::HeaderCheck;
using test::Bytes;

namespace {

const std::string run = "0123456789abcdef-0123456789abcdef-xy"; // 36 bytes

Bytes encoded(const FileHeader& header) {
    const auto bytes = journal::encode(header);
    return {bytes.begin(), bytes.end()};
}

HeaderCheck check(const Bytes& bytes) {
    FileHeader header;
    return journal::decode(bytes, header);
}

// A good header with one place changed, and the CRC that this makes right.
template <typename T>
HeaderCheck check_with(std::size_t offset, T value) {
    Bytes bytes = encoded({.kind = FileKind::records, .number = 1, .last_closed_frame = 2, .run = run});
    journal::store(bytes.data() + offset, value);
    journal::store(bytes.data() + 76, journal::crc32c(std::span<const std::byte>(bytes).first(76)));
    return check(bytes);
}

} // namespace

TEST_CASE("file header: its bytes stand where the format has them") {
    using namespace std::string_view_literals;
    const Bytes bytes =
        encoded({.kind = FileKind::records, .number = 0x0102030405060708, .last_closed_frame = 9, .run = run});
    CHECK(test::text_of(std::span(bytes).first(32)) ==
          "MABSJRNL\x01\x00\x02\x00\x00\x00\x00\x00\x08\x07\x06\x05\x04\x03\x02\x01\x09\x00\x00\x00\x00\x00\x00\x00"sv);
    CHECK(test::text_of(std::span(bytes).subspan(32, 36)) == run);
    CHECK(test::text_of(std::span(bytes).subspan(68, 8)) == std::string(8, '\0'));
    CHECK(journal::load<std::uint32_t>(bytes.data() + 76) == journal::crc32c(std::span(bytes).first(76)));
}

TEST_CASE("file header: what was written is read") {
    for (const FileHeader& each : {
             FileHeader{},
             FileHeader{.kind = FileKind::deltas, .number = 1, .last_closed_frame = 0, .run = run},
             FileHeader{.kind = FileKind::records, .number = UINT64_MAX, .last_closed_frame = UINT64_MAX, .run = "r"},
             FileHeader{.kind = FileKind::dead_letters, .number = 0, .last_closed_frame = 3, .run = ""},
         }) {
        FileHeader header{.kind = FileKind::dead_letters, .number = 77, .last_closed_frame = 77, .run = "other"};
        const Bytes bytes = test::joined({encoded(each), test::bytes_of("frames behind it")});
        REQUIRE(journal::decode(bytes, header) == HeaderCheck::good);
        CHECK(header.kind == each.kind);
        CHECK(header.number == each.number);
        CHECK(header.last_closed_frame == each.last_closed_frame);
        CHECK(header.run == each.run);
    }
}

TEST_CASE("file header: with a bit flipped anywhere it is damaged, that of the version too") {
    const Bytes good = encoded({.kind = FileKind::records, .number = 1, .last_closed_frame = 2, .run = run});
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bytes = good;
        test::flip_bit(bytes, bit);
        CAPTURE(bit);
        REQUIRE(check(bytes) == HeaderCheck::damaged);
    }
}

TEST_CASE("file header: cut it is damaged") {
    const Bytes good = encoded({.kind = FileKind::records, .number = 1, .last_closed_frame = 2, .run = run});
    for (std::size_t size = 0; size < good.size(); ++size) {
        REQUIRE(check(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))) == HeaderCheck::damaged);
    }
}

TEST_CASE("file header: versions and kinds") {
    CHECK(check_with(8, std::uint16_t{1}) == HeaderCheck::good);
    CHECK(check_with(8, std::uint16_t{2}) == HeaderCheck::newer);
    CHECK(check_with(8, std::uint16_t{256}) == HeaderCheck::newer);
    CHECK(check_with(8, std::uint16_t{UINT16_MAX}) == HeaderCheck::newer);
    CHECK(check_with(8, std::uint16_t{0}) == HeaderCheck::damaged);
    for (const int kind : {1, 2, 3}) {
        CHECK(check_with(10, static_cast<std::uint8_t>(kind)) == HeaderCheck::good);
    }
    for (const int kind : {0, 4, 255}) {
        CHECK(check_with(10, static_cast<std::uint8_t>(kind)) == HeaderCheck::damaged);
    }
    CHECK(check_with(0, std::uint8_t{'m'}) == HeaderCheck::damaged); // not ours, with a right CRC
    CHECK(check(Bytes(80)) == HeaderCheck::damaged);
}
