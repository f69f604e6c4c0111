// A record in its frame and back, and payloads that are none.
#include "journal/record_frame.hpp"

#include "journal/little_endian.hpp"
#include "support/bytes.hpp"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

using namespace agent;
using journal::StoredRecord;
using test::Bytes;

namespace {

StoredRecord example() {
    return {.seq = 7,
            .origin = {.series_id = 11, .bucket_start_ms = -12, .covers = 13},
            .lines = 14,
            .sealed_ms = 15,
            .key = "key",
            .value = "the value"};
}

Bytes payload_of(const StoredRecord& record) {
    Bytes bytes;
    journal::append_record_frame(record, bytes);
    return {bytes.begin() + journal::frame_header_bytes, bytes.end()};
}

bool is_record(const Bytes& payload) {
    StoredRecord record;
    return journal::read_record(1, payload, record);
}

} // namespace

TEST_CASE("record frame: its payload stands where the format has it") {
    using namespace std::string_view_literals;
    CHECK(test::text_of(payload_of(example())) ==
          "\x0B\0\0\0\0\0\0\0"
          "\xF4\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
          "\x0D\0\0\0\0\0\0\0"
          "\x0E\0\0\0\0\0\0\0"
          "\x0F\0\0\0\0\0\0\0"
          "\x03\0\0\0"
          "\0\0\0\0"
          "keythe value"sv);
}

TEST_CASE("record frame: what was appended is read, one frame behind the other") {
    const std::string large(300'000, 'v');
    const std::string zeros(3, '\0');
    StoredRecord extreme{.seq = UINT64_MAX,
                         .origin = {.series_id = UINT64_MAX, .bucket_start_ms = INT64_MIN, .covers = UINT64_MAX},
                         .lines = UINT64_MAX,
                         .sealed_ms = INT64_MAX,
                         .key = "",
                         .value = large};
    StoredRecord only_key;
    only_key.key = zeros;
    StoredRecord only_value;
    only_value.value = "v";
    const StoredRecord records[] = {example(), StoredRecord{}, extreme, only_key, only_value};
    Bytes bytes = test::bytes_of("before");
    for (const StoredRecord& record : records) {
        journal::append_record_frame(record, bytes);
    }
    CHECK(test::text_of(std::span(bytes).first(6)) == "before");
    auto rest = std::span<const std::byte>(bytes).subspan(6);
    for (const StoredRecord& expected : records) {
        const auto header = journal::read_frame(rest);
        REQUIRE(header);
        CHECK(header->type == journal::FrameType::record);
        CHECK(header->payload_bytes == journal::record_fixed_bytes + expected.key.size() + expected.value.size());
        StoredRecord record = example();
        REQUIRE(journal::read_record(header->sequence, rest.subspan(journal::frame_header_bytes, header->payload_bytes),
                                     record));
        CHECK(record.seq == expected.seq);
        CHECK(record.origin == expected.origin);
        CHECK(record.lines == expected.lines);
        CHECK(record.sealed_ms == expected.sealed_ms);
        CHECK(record.key == expected.key);
        CHECK(record.value == expected.value);
        rest = rest.subspan(journal::record_overhead_bytes + expected.key.size() + expected.value.size());
    }
    CHECK(rest.empty());
}

TEST_CASE("record frame: payloads that are none") {
    const Bytes good = payload_of(example());
    REQUIRE(is_record(good));
    for (std::size_t size = 0; size < journal::record_fixed_bytes + 3; ++size) { // the key has three bytes
        CAPTURE(size);
        CHECK_FALSE(is_record(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    const auto with = [&](std::size_t offset, std::uint32_t value) {
        Bytes payload = good;
        journal::store(payload.data() + offset, value);
        return is_record(payload);
    };
    CHECK(with(40, 12)); // all of it is key
    CHECK_FALSE(with(40, 13));
    CHECK_FALSE(with(40, UINT32_MAX));
    CHECK_FALSE(with(44, 1)); // not the format that we know
}
