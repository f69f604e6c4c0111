// Frames out of whole, torn and damaged files.
#include "journal/frame_reader.hpp"

#include "journal/little_endian.hpp"
#include "support/bytes.hpp"
#include "support/fake_file_system.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using journal::FrameReader;
using test::Bytes;
using test::bytes_of;
using test::Call;
using test::frame_of;
using test::joined;

namespace {

using Sequences = std::vector<std::uint64_t>;

constexpr std::size_t chunk = FrameReader::chunk_bytes;

struct Reading {
    Sequences sequences;
    std::vector<std::string> payloads;
    std::vector<std::uint64_t> offsets;
    std::uint64_t good_end = 0;
    std::uint64_t damaged_places = 0;
    std::uint64_t damaged_bytes = 0;
    std::uint64_t torn_bytes = 0;
    boost::system::error_code failure;
};

struct Disk {
    test::FakeFileSystem files;

    explicit Disk(Bytes bytes) { files.put("f", std::move(bytes)); }

    Reading read(std::uint64_t offset = 0) {
        const auto file = files.open("f").value();
        FrameReader reader(files, file, offset);
        Reading reading;
        while (const auto frame = reader.next()) {
            reading.sequences.push_back(frame->header.sequence);
            reading.payloads.push_back(test::text_of(frame->payload));
            reading.offsets.push_back(frame->offset);
            REQUIRE(frame->header.payload_bytes == frame->payload.size());
            REQUIRE(reader.good_end() == frame->offset + journal::frame_header_bytes + frame->payload.size());
        }
        REQUIRE_FALSE(reader.next()); // and none again
        files.close(file);
        reading.good_end = reader.good_end();
        reading.damaged_places = reader.damaged_places();
        reading.damaged_bytes = reader.damaged_bytes();
        reading.torn_bytes = reader.torn_bytes();
        reading.failure = reader.failure();
        return reading;
    }
};

Reading read(Bytes bytes, std::uint64_t offset = 0) {
    return Disk(std::move(bytes)).read(offset);
}

void check_whole(const Reading& reading, const Sequences& sequences, std::uint64_t size) {
    CHECK(reading.sequences == sequences);
    CHECK(reading.good_end == size);
    CHECK(reading.damaged_places == 0);
    CHECK(reading.damaged_bytes == 0);
    CHECK(reading.torn_bytes == 0);
    CHECK_FALSE(reading.failure);
}

const Bytes first = frame_of("the first", 1);
const Bytes second = frame_of("the second one", 2);
const Bytes third = frame_of("3", 3);

Bytes with_length(Bytes frame, std::uint32_t payload_bytes) {
    journal::store(frame.data() + 4, payload_bytes);
    return frame;
}

} // namespace

TEST_CASE("frame reader: whole files") {
    check_whole(read({}), {}, 0);
    check_whole(read(first), {1}, first.size());
    check_whole(read(frame_of("", 9)), {9}, 24);

    const Bytes bytes = joined({first, second, third});
    const Reading reading = read(bytes);
    check_whole(reading, {1, 2, 3}, bytes.size());
    CHECK(reading.payloads == std::vector<std::string>{"the first", "the second one", "3"});
    CHECK(reading.offsets == std::vector<std::uint64_t>{0, first.size(), first.size() + second.size()});
}

TEST_CASE("frame reader: begins behind the file's header, also where the file is shorter") {
    const Bytes bytes = joined({bytes_of(std::string(80, 'M')), first, second});
    const Reading reading = read(bytes, 80);
    check_whole(reading, {1, 2}, bytes.size());
    CHECK(reading.offsets == std::vector<std::uint64_t>{80, 80 + first.size()});
    check_whole(read(bytes_of("short"), 80), {}, 80);
}

TEST_CASE("frame reader: a torn tail, at every byte, is no damage") {
    const Bytes bytes = joined({first, second, third});
    const std::size_t ends[] = {0, first.size(), first.size() + second.size(), bytes.size()};
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        CAPTURE(size);
        std::size_t whole = 0;
        while (whole < 3 && ends[whole + 1] <= size) {
            ++whole;
        }
        const Reading reading = read(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
        const Sequences all{1, 2, 3};
        REQUIRE(reading.sequences == Sequences(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(whole)));
        REQUIRE(reading.good_end == ends[whole]);
        REQUIRE(reading.torn_bytes == size - ends[whole]);
        REQUIRE(reading.damaged_places == 0);
        REQUIRE(reading.damaged_bytes == 0);
    }
}

TEST_CASE("frame reader: a bit flipped anywhere costs its frame and no other") {
    const std::vector<Bytes> frames{first, second, third};
    for (std::size_t hit = 0; hit < 3; ++hit) {
        for (std::size_t bit = 0; bit < frames[hit].size() * 8; ++bit) {
            CAPTURE(hit);
            CAPTURE(bit);
            auto damaged = frames;
            test::flip_bit(damaged[hit], bit);
            const Reading reading = read(joined({damaged[0], damaged[1], damaged[2]}));
            Sequences expected{1, 2, 3};
            expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(hit));
            REQUIRE(reading.sequences == expected);
            // The last one cannot be told from a torn tail where its header is none any more, or claims too much.
            const auto claimed = journal::read_frame_header(damaged[hit]);
            const bool looks_torn =
                hit == 2 && (!claimed || journal::frame_header_bytes + claimed->payload_bytes > third.size());
            REQUIRE(reading.damaged_places == (looks_torn ? 0 : 1));
            REQUIRE(reading.damaged_bytes == (looks_torn ? 0 : frames[hit].size()));
            REQUIRE(reading.torn_bytes == (looks_torn ? third.size() : 0));
        }
    }
}

TEST_CASE("frame reader: what stands between frames") {
    const struct {
        const char* what;
        Bytes between;
    } table[] = {
        {"one byte", bytes_of("x")},
        {"zeros, as a lost write leaves them", Bytes(5000)},
        {"the front of a magic", bytes_of("MJF")},
        {"a magic, and again", bytes_of("MJFMMJFMMJMJFMJFM")},
        {"a frame that is cut", Bytes(second.begin(), second.end() - 1)},
        {"a frame's end", Bytes(second.begin() + 1, second.end())},
        {"a header alone", Bytes(second.begin(), second.begin() + 24)},
        {"more than a chunk", Bytes(chunk + 7, std::byte{'M'})},
    };
    for (const auto& each : table) {
        CAPTURE(each.what);
        const Reading reading = read(joined({first, each.between, third}));
        CHECK(reading.sequences == Sequences{1, 3});
        CHECK(reading.damaged_places == 1);
        CHECK(reading.damaged_bytes == each.between.size());
        CHECK(reading.torn_bytes == 0);

        const Reading torn = read(joined({first, each.between}));
        CHECK(torn.sequences == Sequences{1});
        CHECK(torn.damaged_places == 0);
        CHECK(torn.torn_bytes == each.between.size());
        CHECK(torn.good_end == first.size());
    }
}

TEST_CASE("frame reader: each damaged place is counted, and a torn tail apart from them") {
    const Bytes bytes = joined({bytes_of("ab"), first, bytes_of("c"), second, third, bytes_of("defg")});
    const Reading reading = read(bytes);
    CHECK(reading.sequences == Sequences{1, 2, 3});
    CHECK(reading.damaged_places == 2);
    CHECK(reading.damaged_bytes == 3);
    CHECK(reading.torn_bytes == 4);
    CHECK(reading.good_end == bytes.size() - 4);
}

TEST_CASE("frame reader: a frame in the payload of a whole frame is payload") {
    const Bytes outer = frame_of(test::text_of(second), 10);
    check_whole(read(joined({first, outer, third})), {1, 10, 3}, first.size() + outer.size() + third.size());
    check_whole(read(frame_of("MJFM MJFMMJFM", 1)), {1}, 24 + 13);
}

TEST_CASE("frame reader: a length that claims too much hides no frame behind it") {
    const std::size_t behind = third.size();
    for (const std::size_t claimed :
         {second.size() - 24 + 1, second.size() - 24 + behind, second.size() - 24 + behind + 1, chunk,
          FrameReader::max_frame_bytes - 24, FrameReader::max_frame_bytes - 23, std::size_t{UINT32_MAX}}) {
        CAPTURE(claimed);
        const Bytes damaged = with_length(second, static_cast<std::uint32_t>(claimed));
        const Reading reading = read(joined({first, damaged, third}));
        CHECK(reading.sequences == Sequences{1, 3});
        CHECK(reading.damaged_places == 1);
        CHECK(reading.damaged_bytes == second.size());
        CHECK(reading.torn_bytes == 0);
    }
}

TEST_CASE("frame reader: frames across the borders of chunks, in reads of any size") {
    for (int shift = -30; shift <= 30; ++shift) {
        CAPTURE(shift);
        const auto payload_bytes = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(chunk) - 24 + shift);
        const Bytes large = frame_of(std::string(payload_bytes, 'M'), 7);
        const Bytes bytes = joined({large, first, second});
        check_whole(read(bytes), {7, 1, 2}, bytes.size());

        const Reading behind_junk = read(joined({Bytes(payload_bytes, std::byte{'M'}), first, second}));
        CHECK(behind_junk.sequences == Sequences{1, 2});
        CHECK(behind_junk.damaged_bytes == payload_bytes);
    }
    const Bytes bytes = joined({first, frame_of("", 8), second, bytes_of("junk"), third, bytes_of("MJF")});
    for (std::size_t most = 1; most < 30; ++most) {
        Disk disk(bytes);
        disk.files.set_read_max(most);
        const Reading reading = disk.read();
        CHECK(reading.sequences == Sequences{1, 8, 2, 3});
        CHECK(reading.damaged_bytes == 4);
        CHECK(reading.torn_bytes == 3);
    }
}

TEST_CASE("frame reader: frames larger than a chunk, whole, torn and damaged") {
    const std::string payload(3 * chunk + 12'345, 'p');
    const Bytes large = frame_of(payload, 5);
    const Bytes bytes = joined({first, large, second, large, third});
    Reading reading = read(bytes);
    check_whole(reading, {1, 5, 2, 5, 3}, bytes.size());
    CHECK(reading.payloads[3] == payload);

    Bytes damaged = bytes;
    test::flip_bit(damaged, (first.size() + 2 * chunk) * 8);
    reading = read(damaged);
    CHECK(reading.sequences == Sequences{1, 2, 5, 3});
    CHECK(reading.damaged_places == 1);
    CHECK(reading.damaged_bytes == large.size());

    reading = read(Bytes(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(third.size()) - 1));
    CHECK(reading.sequences == Sequences{1, 5, 2});
    CHECK(reading.damaged_places == 0);
    CHECK(reading.torn_bytes == large.size() - 1);
}

TEST_CASE("frame reader: the largest frame is read, a larger one is damage though its CRC is right") {
    for (const std::size_t more : {0, 1}) {
        Bytes bytes(FrameReader::max_frame_bytes + more);
        journal::finish_frame(bytes, journal::FrameType::deltas, 4);
        bytes.insert(bytes.end(), third.begin(), third.end());
        Disk disk(std::move(bytes));
        const auto file = disk.files.open("f").value();
        FrameReader reader(disk.files, file, 0);
        auto frame = reader.next();
        REQUIRE(frame);
        if (more == 0) {
            CHECK(frame->header.sequence == 4);
            frame = reader.next();
        }
        REQUIRE(frame);
        CHECK(frame->header.sequence == 3);
        CHECK(reader.damaged_places() == more);
    }
}

TEST_CASE("frame reader: where reading fails it says so, after the frames before") {
    const Bytes large = frame_of(std::string(2 * chunk, 'p'), 5);
    const Bytes bytes = joined({first, large, second});
    for (std::uint64_t reads = 0; reads < 4; ++reads) {
        CAPTURE(reads);
        Disk disk(bytes);
        disk.files.faults.add({.call = Call::read, .error = EIO, .times = 1, .skip = reads});
        const Reading reading = disk.read();
        CHECK(reading.failure == boost::system::error_code(EIO, boost::system::generic_category()));
        CHECK(reading.sequences.size() <= 3);
        CHECK((reads == 0 || reading.sequences.at(0) == 1));
        CHECK(reading.damaged_places == 0);
        CHECK(reading.torn_bytes == 0); // not known: nobody may cut the file here
    }
    Disk disk(bytes);
    disk.files.faults.add({.call = Call::read, .times = 1, .skip = 1000});
    check_whole(disk.read(), {1, 5, 2}, bytes.size());
}
