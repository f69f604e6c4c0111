// Which files a tailer ships, and what becomes of them: each content once, whatever its names.
#include "support/tail_rig.hpp"
#include "tail/tailer.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::tail {
namespace {

using Values = std::vector<std::string>;
using test::TailRig;

Values sorted(Values values) {
    std::ranges::sort(values);
    return values;
}

const Stream& only_stream(const TailRig& rig) {
    return *rig.tailer->streams().front();
}

Skipped skipped(const TailRig& rig, Skip reason) {
    return only_stream(rig).stats().skipped[static_cast<std::size_t>(reason)];
}

bool is_said(const std::vector<std::string>& messages, const std::string& text) {
    return std::ranges::any_of(messages, [&](const std::string& one) { return one.find(text) != std::string::npos; });
}

TEST_CASE("a file that two patterns name is shipped once") {
    TailRig rig;
    rig.write("a.log", "one\n");
    auto stream = rig.stream("*.log");
    stream.include.push_back(TailRig::glob(rig.path("a*")));
    REQUIRE(rig.start({stream}));
    rig.settle();
    rig.write("a.log", "two\n");
    rig.run_out(40'000); // over a rescan
    CHECK(rig.values() == Values{"one", "two"});
    CHECK(only_stream(rig).files().size() == 1);
}

TEST_CASE("a file with two names is shipped once") {
    TailRig rig;
    rig.write("a.log", "one\n");
    std::filesystem::create_hard_link(rig.path("a.log"), rig.path("b.log"));
    REQUIRE(rig.start({rig.stream("*.log")}));
    rig.settle();
    rig.write("b.log", "two\n");
    rig.run_out(40'000);
    std::filesystem::remove(rig.path("a.log"));
    rig.write("b.log", "three\n");
    rig.run_out(70'000);
    rig.write("b.log", "four\n");
    rig.run_out();
    CHECK(rig.values() == Values{"one", "two", "three", "four"});
    CHECK(rig.topic.files.size() == 1);
}

TEST_CASE("two streams with one file: each ships it, by a uid and with positions of its own") {
    TailRig rig;
    rig.write("a.log", "one\n");
    auto second = rig.stream("a.log");
    second.name = second.topic = "u";
    REQUIRE(rig.start({rig.stream("a.log"), second}));
    rig.settle();
    CHECK(rig.values() == Values{"one", "one"});
    CHECK(rig.topic.files.size() == 2);
    rig.advance(2000);
    rig.settle();
    rig.kill();
    rig.write("a.log", "two\n");
    REQUIRE(rig.start());
    rig.run_out(3000);
    CHECK(sorted(rig.values()) == Values{"one", "one", "two", "two"});
    CHECK(rig.topic.files.size() == 2);
    CHECK(std::filesystem::exists(rig.directory / "state" + "/u.positions"));
}

TEST_CASE("deleted while it is open: read to its end, its last line too, then let go") {
    TailRig rig;
    rig.write("a.log", "one\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    const int writer = ::open(rig.path("a.log").c_str(), O_WRONLY | O_APPEND);
    REQUIRE(writer != -1);
    REQUIRE(::write(writer, "two\n", 4) == 4);
    std::filesystem::remove(rig.path("a.log"));
    rig.settle();
    CHECK(rig.values() == Values{"one", "two"});
    REQUIRE(::write(writer, "three\nlast", 10) == 10);
    ::close(writer);
    rig.run_out(200'000);
    CHECK(rig.values() == Values{"one", "two", "three", "last"});
    CHECK(rig.topic.files.begin()->second.bytes == "one\ntwo\nthree\nlast");
    CHECK(only_stream(rig).files().size() == 0);
    rig.write("a.log", "new\n");
    rig.run_out(40'000);
    CHECK(rig.values().back() == "new");
    CHECK(rig.topic.files.size() == 2);
}

TEST_CASE("the last line of a rotated file waits five seconds for its LF") {
    TailRig rig;
    rig.write("a.log", "one\nla");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    rig.advance(60'000);
    rig.settle();
    CHECK(rig.values() == Values{"one"}); // at its path it waits for ever
    rig.rename("a.log", "a.log.1");
    rig.settle();
    for (int i = 0; i < 4; ++i) {
        rig.advance(1000);
        rig.settle();
    }
    CHECK(rig.values() == Values{"one"});
    rig.write("a.log.1", "st");
    rig.settle();
    for (int i = 0; i < 4; ++i) {
        rig.advance(1000);
        rig.settle();
    }
    CHECK(rig.values() == Values{"one"}); // it grew: five seconds more
    for (int i = 0; i < 3; ++i) {
        rig.advance(1000);
        rig.settle();
    }
    CHECK(rig.values() == Values{"one", "last"});
    CHECK(rig.topic.delivered.back().end == 8); // there is no LF
}

TEST_CASE("replaced by a shorter one with the same first line: another file, in the same inode or not") {
    for (const bool is_in_place : {false, true}) {
        for (const bool is_running : {false, true}) {
            CAPTURE(is_in_place);
            CAPTURE(is_running);
            TailRig rig;
            rig.write("a.log", "head\none\ntwo\n");
            REQUIRE(rig.start({rig.stream("a.log")}));
            rig.settle();
            rig.advance(2000);
            rig.settle();
            if (!is_running) {
                rig.kill();
            }
            if (is_in_place) {
                rig.truncate("a.log");
            } else {
                std::filesystem::remove(rig.path("a.log"));
            }
            rig.write("a.log", "head\nx\n");
            if (!is_running) {
                REQUIRE(rig.start());
            }
            rig.run_out(40'000);
            CHECK(rig.values() == Values{"head", "one", "two", "head", "x"});
            CHECK(rig.topic.files.size() == 2);
            CHECK(rig.topic.faults.empty());
        }
    }
}

TEST_CASE("replaced by a longer one with the same beginning: told by the bytes where reading stopped") {
    for (const bool is_running : {false, true}) {
        CAPTURE(is_running);
        TailRig rig;
        const std::string head = std::string(1100, 'h') + "\n"; // longer than a fingerprint
        rig.write("a.log", head + "one\n");
        REQUIRE(rig.start({rig.stream("a.log")}));
        rig.settle();
        rig.advance(2000);
        rig.settle();
        if (!is_running) {
            rig.kill();
        }
        rig.truncate("a.log");
        rig.write("a.log", head + "two\nthree\n");
        if (!is_running) {
            REQUIRE(rig.start());
        }
        rig.run_out(40'000);
        CHECK(rig.values() == Values{head.substr(0, 1100), "one", head.substr(0, 1100), "two", "three"});
        CHECK(rig.topic.files.size() == 2);
        CHECK(rig.topic.faults.empty());
    }
}

TEST_CASE("links and what is no file are left alone, and it is said once") {
    TailRig rig;
    rig.write("real", "secret\n");
    std::filesystem::create_symlink(rig.path("real"), rig.path("a.log"));
    REQUIRE(mkfifo(rig.path("b.log").c_str(), 0600) == 0);
    std::filesystem::create_directory(rig.path("c.log"));
    rig.write("d.log", "one\n");
    REQUIRE(rig.start({rig.stream("*.log")}));
    rig.settle();
    CHECK(rig.values() == Values{"one"});
    const auto messages = rig.tailer->take_messages();
    CHECK(messages.size() == 2);
    CHECK(is_said(messages, rig.path("a.log") + ": a symbolic link"));
    CHECK(is_said(messages, rig.path("b.log") + ": not a regular file"));
    rig.run_out(40'000);
    CHECK(rig.tailer->take_messages().empty());
}

TEST_CASE("files far more than may be open: each is followed") {
    TailRig rig;
    rig.options.open_files = 8;
    Values expected;
    for (int i = 10; i < 40; ++i) {
        rig.write(std::to_string(i) + ".log", std::to_string(i) + "a\n");
    }
    REQUIRE(rig.start({rig.stream("*.log")}));
    rig.run_out(10'000);
    std::size_t open_files = 0;
    only_stream(rig).files().for_each([&](const TailedFile& file) { open_files += file.file ? 1 : 0; });
    CHECK(open_files <= 8);
    for (int i = 10; i < 40; ++i) {
        rig.write(std::to_string(i) + ".log", std::to_string(i) + "b\n");
        expected.push_back(std::to_string(i) + "a");
        expected.push_back(std::to_string(i) + "b");
    }
    rig.run_out(40'000);
    CHECK(sorted(rig.values()) == expected);
    CHECK(rig.topic.files.size() == 30);
}

TEST_CASE("frames: behind an impossible length the rest of the file is skipped, counted and said") {
    TailRig rig;
    using namespace std::string_literals;
    rig.write("a.bin", "\0\0\0\3one\0\0\0\0"s + "GET / HTTP");
    auto stream = rig.stream("a.bin");
    stream.framing = Framing::frames;
    REQUIRE(rig.start({stream}));
    rig.settle();
    CHECK(rig.values() == Values{"one", ""});
    CHECK(rig.topic.delivered.front().begin == 0);
    CHECK(rig.topic.delivered.front().end == 7);
    CHECK(skipped(rig, Skip::bad_frame).bytes == 10);
    CHECK(is_said(rig.tailer->take_messages(), "no frame at byte 11"));
    rig.write("a.bin", "\0\0\0\3two"s);
    rig.run_out(3000);
    CHECK(rig.values().size() == 2);
    CHECK(skipped(rig, Skip::bad_frame).bytes == 17);
    CHECK(only_stream(rig).lag_bytes() == 0);
}

TEST_CASE("multiline: a record is over when nothing has come for a second") {
    TailRig rig;
    rig.write("a.log", "One\n two\n");
    auto stream = rig.stream("a.log");
    stream.framing = Framing::multiline;
    stream.multiline_start = "^[A-Z]";
    REQUIRE(rig.start({stream}));
    rig.settle();
    rig.write("a.log", " three\n");
    rig.settle();
    CHECK(rig.values().empty());
    rig.advance(500);
    rig.settle();
    CHECK(rig.values().empty());
    rig.advance(300);
    rig.advance(300);
    rig.settle();
    CHECK(rig.values() == Values{"One\n two\n three"});
}

} // namespace
} // namespace agent::tail
