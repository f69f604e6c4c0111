// What is a frame, byte by byte, and what is none.
#include "journal/frame.hpp"

#include "journal/crc32c.hpp"
#include "journal/little_endian.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

using namespace agent;
using journal::FrameType;
using journal::read_frame;
using journal::read_frame_header;
using test::Bytes;
using test::frame_of;

namespace {

// The frame again with a right CRC, so that only what was changed in it is wrong.
Bytes with_right_crc(Bytes frame) {
    const auto bytes = std::span<const std::byte>(frame);
    journal::store(frame.data() + 20, journal::crc32c(bytes.subspan(24), journal::crc32c(bytes.subspan(4, 16))));
    return frame;
}

Bytes with_type(std::uint8_t type) {
    Bytes frame = frame_of("payload", 1);
    frame[16] = std::byte{type};
    return with_right_crc(frame);
}

} // namespace

TEST_CASE("frame: its bytes stand where the format has them") {
    const Bytes frame = frame_of("xyz", 0x1122334455667788, FrameType::deltas);
    const Bytes crc_of = test::joined({Bytes(frame.begin() + 4, frame.begin() + 20), test::bytes_of("xyz")});
    Bytes crc(4);
    journal::store(crc.data(), journal::crc32c(crc_of));
    using namespace std::string_view_literals;
    const auto head = "MJFM\x03\x00\x00\x00\x88\x77\x66\x55\x44\x33\x22\x11\x02\x00\x00\x00"sv;
    CHECK(frame == test::joined({test::bytes_of(head), crc, test::bytes_of("xyz")}));
}

TEST_CASE("frame: what was finished is read") {
    const struct {
        std::string payload;
        std::uint64_t sequence;
        FrameType type;
    } frames[] = {
        {"", 0, FrameType::record},
        {"", UINT64_MAX, FrameType::deltas},
        {"one", 1, FrameType::record},
        {std::string(100'000, 'x'), 7, FrameType::deltas},
    };
    for (const auto& each : frames) {
        for (const std::string behind : {"", "M", "more"}) {
            const Bytes bytes =
                test::joined({frame_of(each.payload, each.sequence, each.type), test::bytes_of(behind)});
            for (const auto& header : {read_frame(bytes), read_frame_header(bytes)}) {
                REQUIRE(header);
                CHECK(header->type == each.type);
                CHECK(header->sequence == each.sequence);
                CHECK(header->payload_bytes == each.payload.size());
            }
        }
    }
}

TEST_CASE("frame: none with a bit flipped anywhere") {
    const Bytes frame = frame_of("some payload", 5);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        Bytes bytes = frame;
        test::flip_bit(bytes, bit);
        bytes.resize(bytes.size() + 300); // a length that grew is within what is there
        CAPTURE(bit);
        REQUIRE_FALSE(read_frame(bytes));
    }
}

TEST_CASE("frame: none that is cut") {
    const Bytes frame = frame_of("some payload", 5);
    for (std::size_t size = 0; size < frame.size(); ++size) {
        CAPTURE(size);
        REQUIRE_FALSE(read_frame(std::span(frame).first(size)));
        REQUIRE(read_frame_header(std::span(frame).first(size)).has_value() == (size >= journal::frame_header_bytes));
    }
}

TEST_CASE("frame: types") {
    for (int type = 0; type < 256; ++type) {
        CAPTURE(type);
        const Bytes frame = with_type(static_cast<std::uint8_t>(type));
        CHECK(read_frame(frame).has_value() == (type == 1 || type == 2));
        CHECK(read_frame_header(frame).has_value() == (type == 1 || type == 2));
    }
}

TEST_CASE("frame: the largest length does not wrap around") {
    Bytes frame = frame_of("payload", 1);
    for (const std::uint32_t claimed : {UINT32_MAX, UINT32_MAX - 23, UINT32_MAX - 24, std::uint32_t{8}}) {
        journal::store(frame.data() + 4, claimed);
        CHECK_FALSE(read_frame(frame));
        REQUIRE(read_frame_header(frame));
        CHECK(read_frame_header(frame)->payload_bytes == claimed);
    }
}
