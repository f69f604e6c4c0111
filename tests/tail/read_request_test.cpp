#include "tail/read_request.hpp"

#include "core/limits.hpp"
#include "support/temporary_directory.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

namespace agent::tail {
namespace {

constexpr std::uint64_t mib = 1 << 20;
static_assert(core::limits::least_log_hole_bytes == mib);

class Rig {
  public:
    void write(std::string_view text, std::uint64_t offset = 0) const {
        const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT, 0600);
        REQUIRE(fd != -1);
        REQUIRE(pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(text.size()));
        ::close(fd);
    }
    void resize(std::uint64_t size_bytes) const { std::filesystem::resize_file(path_, size_bytes); }

    // As a reader asks that has read all before the offset.
    ReadRequest request(std::uint64_t offset, std::size_t length_bytes) const {
        auto opened = open_log_file(directory_.path(), path_, false);
        REQUIRE(opened.has_value());
        ReadRequest request;
        request.file = std::make_shared<const Descriptor>(*std::move(opened));
        request.fingerprint = *fingerprint_of(request.file->get());
        request.offset = offset;
        request.length_bytes = length_bytes;
        request.skips_holes = true;
        std::string before(mark_length(offset), '\0');
        REQUIRE(*read_at(request.file->get(), before, offset - before.size()) == before.size());
        request.mark = make_mark(offset, before);
        request.buffer = buffer(mark_length(offset) + length_bytes);
        return request;
    }
    static Buffer buffer(std::size_t size_bytes) {
        return {.bytes = std::make_unique<char[]>(size_bytes), .capacity_bytes = size_bytes};
    }

  private:
    test::TemporaryDirectory directory_;
    std::string path_ = directory_ / "a";
};

std::string text_of(const ReadRequest& request) {
    CHECK(request.error == 0);
    CHECK_FALSE(request.is_replaced);
    return {request.buffer.bytes.get() + mark_length(request.offset), request.size_bytes};
}

TEST_CASE("what is there, from the offset on") {
    Rig rig;
    const auto text = std::string(100, 'a') + std::string(100, 'b');
    rig.write(text);
    for (const std::size_t offset : {0U, 1U, 64U, 99U, 150U, 200U}) {
        for (const std::size_t length : {1U, 30U, 1000U}) {
            CAPTURE(offset);
            CAPTURE(length);
            auto request = rig.request(offset, length);
            read(request);
            CHECK(text_of(request) == text.substr(offset, length));
            CHECK(request.facts.size_bytes == 200);
            CHECK(request.hole_bytes == 0);
            CHECK_FALSE(request.ends_at_hole);
            CHECK_FALSE(request.is_nothing_but_hole);
        }
    }
}

TEST_CASE("nothing is read where the file is not longer than it is told") {
    Rig rig;
    rig.write("0123456789");
    auto request = rig.request(4, 100);
    request.least_end = 10;
    read(request);
    CHECK(text_of(request).empty());
    CHECK(request.facts.size_bytes == 10);
    rig.write("x", 10);
    read(request);
    CHECK(text_of(request) == "456789x");
}

TEST_CASE("other bytes than before: told by those right before the offset, whether there is more or not") {
    for (const std::uint64_t least_end : {0U, 2000U}) {
        CAPTURE(least_end);
        Rig rig;
        rig.write(std::string(2000, 'a'));
        auto request = rig.request(1500, 100);
        request.least_end = least_end;
        rig.write("b", 1435); // not among the last 64 bytes
        read(request);
        CHECK_FALSE(request.is_replaced);
        rig.write("b", 1436);
        read(request);
        CHECK(request.is_replaced);
    }
}

TEST_CASE("cut short below the offset, or below the fingerprint: other bytes") {
    Rig rig;
    rig.write(std::string(2000, 'a'));
    auto request = rig.request(1500, 100);
    rig.resize(1500);
    auto same = rig.request(1500, 100);
    read(same);
    CHECK(text_of(same).empty());
    rig.resize(1499);
    read(request);
    CHECK(request.is_replaced);
    rig.resize(10);
    auto at_start = rig.request(0, 100);
    rig.resize(9);
    read(at_start);
    CHECK(at_start.is_replaced);
    CHECK(at_start.size_bytes == 0);
}

TEST_CASE("at the beginning other bytes are told by the fingerprint, which grows with the file") {
    Rig rig;
    rig.write("head\n");
    auto request = rig.request(0, 100);
    rig.write("more\n", 5);
    read(request);
    CHECK(text_of(request) == "head\nmore\n");
    CHECK(request.fingerprint == Fingerprint{.length = 10, .hash = content_hash("head\nmore\n")});
    rig.write("HEAD\n");
    request.size_bytes = 0;
    read(request);
    CHECK(request.is_replaced);
    CHECK(request.size_bytes == 0);
}

TEST_CASE("a grown file whose first bytes are others is another one, though its mark may fit") {
    Rig rig;
    rig.write("x" + std::string(200, 'a'));
    auto request = rig.request(150, 100);
    rig.write("y" + std::string(300, 'a'));
    read(request);
    CHECK(request.is_replaced);
}

TEST_CASE("an unknown mark is not compared") { // behind a hole that was passed over
    Rig rig;
    rig.write(std::string(2000, 'a'));
    auto request = rig.request(1500, 10);
    request.mark = {};
    read(request);
    CHECK(text_of(request) == "aaaaaaaaaa");
}

TEST_CASE("holes of a mebibyte and more are passed over") {
    Rig rig;
    rig.write("one\n");
    rig.resize(3 * mib);
    rig.write("two\n", 3 * mib);
    auto request = rig.request(0, 100'000);
    read(request);
    auto text = text_of(request);
    CHECK(text.starts_with("one\n")); // and the rest of its block
    CHECK(text.find_first_not_of('\0', 4) == std::string::npos);
    CHECK(text.size() < 100'000);
    CHECK(request.ends_at_hole);
    CHECK(request.hole_bytes == 0);
    auto next = rig.request(text.size(), 100'000);
    read(next);
    CHECK(next.hole_bytes == next.offset - text.size());
    CHECK(next.hole_bytes > 2 * mib);
    CHECK(next.offset <= 3 * mib);
    CHECK(text_of(next).ends_with("two\n"));
    CHECK(next.offset + next.size_bytes == 3 * mib + 4);
    CHECK_FALSE(next.ends_at_hole);
}

TEST_CASE("holes are read as zeros where they may be a part of a record") {
    Rig rig;
    rig.write("one\n");
    rig.resize(3 * mib);
    auto request = rig.request(0, 2 * mib);
    request.skips_holes = false;
    read(request);
    CHECK(text_of(request) == "one\n" + std::string(2 * mib - 4, '\0'));
    CHECK_FALSE(request.ends_at_hole);
}

TEST_CASE("a file that begins with a hole") {
    Rig rig;
    rig.write("two\n", 2 * mib);
    auto request = rig.request(0, 1000);
    read(request);
    CHECK(request.hole_bytes == 2 * mib);
    CHECK(request.offset == 2 * mib);
    CHECK(text_of(request) == "two\n");
}

TEST_CASE("smaller holes are read as zeros") {
    Rig rig;
    rig.write("one\n");
    rig.write("two\n", mib / 2);
    auto request = rig.request(0, mib);
    read(request);
    const auto text = text_of(request);
    CHECK(text.size() == mib / 2 + 4);
    CHECK(text.ends_with(std::string(1000, '\0') + "two\n"));
    CHECK(request.hole_bytes == 0);
    CHECK_FALSE(request.ends_at_hole);
    auto inside = rig.request(mib / 4, 1000);
    read(inside);
    CHECK(text_of(inside) == std::string(1000, '\0'));
}

TEST_CASE("a hole at the end is no data, whatever its size: it may yet be written") {
    for (const std::uint64_t size_bytes : {mib / 2, 4 * mib}) {
        CAPTURE(size_bytes);
        Rig rig;
        rig.write("one\n");
        rig.resize(size_bytes);
        auto request = rig.request(0, 100'000);
        read(request);
        const auto text = text_of(request);
        CHECK(text.starts_with("one\n"));
        CHECK(text.size() < 100'000);
        CHECK_FALSE(request.ends_at_hole);
        auto rest = rig.request(text.size(), 100'000);
        read(rest);
        CHECK(rest.is_nothing_but_hole);
        CHECK(text_of(rest).empty());
        CHECK(rest.hole_bytes == 0);
        rig.write("two\n", text.size());
        auto written = rig.request(text.size(), 100'000);
        read(written);
        CHECK(text_of(written).starts_with("two\n"));
    }
}

TEST_CASE("a file that cannot be read") {
    ReadRequest request;
    request.file = std::make_shared<const Descriptor>();
    request.buffer = Rig::buffer(10);
    read(request);
    CHECK(request.error == EBADF);
}

TEST_CASE("a pipe: what is there behind what was kept, nothing yet, and its end") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    ReadRequest request;
    request.file = std::make_shared<const Descriptor>(ends[0]);
    request.length_bytes = 5;
    request.buffer = Rig::buffer(8);
    request.buffer.bytes[0] = 'k';
    request.size_bytes = 1;
    const auto has = [&] { return std::string(request.buffer.bytes.get(), request.size_bytes); };
    read_pipe(request);
    CHECK(has() == "k");
    CHECK_FALSE(request.is_replaced);
    REQUIRE(::write(ends[1], "1234567", 7) == 7);
    read_pipe(request);
    CHECK(has() == "k12345"); // no more than it was asked for
    ::close(ends[1]);
    request.length_bytes = 2;
    read_pipe(request);
    CHECK(has() == "k1234567");
    CHECK_FALSE(request.is_replaced);
    request.size_bytes = 0;
    read_pipe(request);
    CHECK(request.is_replaced);
    CHECK(request.error == 0);
}

} // namespace
} // namespace agent::tail
