// What a stream does with answers and without them, with its limits, and with files that are odd.
#include "support/tail_rig.hpp"
#include "tail/tailer.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using Values = std::vector<std::string>;
using test::TailRig;

// Everything that can happen while no record is answered.
void run_unanswered(TailRig& rig) {
    for (int i = 0; i < 300; ++i) {
        rig.tailer->changed();
        rig.tailer->beat();
        rig.reader.step();
        rig.saver.step();
        rig.tailer->pump();
    }
}

const Stream& only_stream(const TailRig& rig) {
    return *rig.tailer->streams().front();
}

Skipped skipped(const TailRig& rig, Skip reason) {
    return only_stream(rig).stats().skipped[static_cast<std::size_t>(reason)];
}

Values sorted(Values values) {
    std::ranges::sort(values);
    return values;
}

TEST_CASE("positions cover acknowledged bytes only: what was not answered comes again after a kill") {
    TailRig rig;
    rig.write("a.log", "one\ntwo\nthree\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    run_unanswered(rig);
    REQUIRE(rig.topic.waiting() == 3);
    // Only one of the batch: none of it counts, and a later batch neither.
    rig.write("a.log", "four\n");
    run_unanswered(rig);
    REQUIRE(rig.topic.waiting() == 4);
    CHECK(rig.topic.answer(forward::Fate::delivered));
    rig.advance(2000);
    run_unanswered(rig);
    CHECK(only_stream(rig).lag_bytes() == 19);
    CHECK(only_stream(rig).lag_ms() >= 2000);
    rig.kill(false);
    REQUIRE(rig.start());
    rig.run_out();
    CHECK(rig.values() == Values{"one", "one", "two", "three", "four"});
    CHECK(rig.topic.files.size() == 1);
    CHECK(rig.topic.faults.empty());
    CHECK(only_stream(rig).lag_bytes() == 0);
    CHECK(only_stream(rig).lag_ms() == 0);
    rig.kill(false);
    REQUIRE(rig.start());
    rig.run_out();
    CHECK(rig.values().size() == 5); // now nothing comes again
}

TEST_CASE("no record goes out before its file's uid is on the disk") {
    TailRig rig;
    rig.write("a.log", "one\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    for (int i = 0; i < 300; ++i) {
        rig.tailer->beat();
        rig.reader.step();
        rig.tailer->pump();
    }
    CHECK(rig.topic.waiting() == 0);
    while (rig.saver.run_job()) {
    }
    rig.tailer->pump();
    CHECK(rig.topic.waiting() == 0);
    run_unanswered(rig);
    CHECK(rig.topic.waiting() == 1);
}

TEST_CASE("a topic without room: reading stops, memory stays bounded, and nothing is lost") {
    TailRig rig;
    std::string text;
    for (int i = 0; text.size() < 40 << 20; ++i) {
        text += std::to_string(i) + std::string(1000, 'x') + "\n";
    }
    rig.write("a.log", text);
    rig.topic.room = 0;
    REQUIRE(rig.start({rig.stream("a.log")}));
    run_unanswered(rig);
    rig.advance(5000);
    run_unanswered(rig);
    const auto read = only_stream(rig).stats().read_bytes;
    CHECK(read > 1 << 20);
    CHECK(read <= core::limits::log_buffer_bytes + (1 << 20));
    CHECK(rig.topic.waiting() == 0);
    CHECK(rig.reader.is_idle()); // it waits, and does not try again and again
    CHECK(only_stream(rig).lag_bytes() == text.size());
    rig.topic.room = 100'000;
    for (int i = 0; i < 20 && only_stream(rig).lag_bytes() != 0; ++i) {
        rig.settle();
    }
    REQUIRE(rig.topic.files.size() == 1);
    CHECK(rig.topic.files.begin()->second.bytes == text);
    CHECK(rig.topic.faults.empty());
}

TEST_CASE("many short records are bounded by their number") {
    TailRig rig;
    rig.write("a.log", std::string(1 << 20, '\n'));
    rig.topic.room = 0;
    REQUIRE(rig.start({rig.stream("a.log")}));
    run_unanswered(rig);
    CHECK(only_stream(rig).stats().read_bytes <= core::limits::log_in_flight_records + (256 << 10));
}

TEST_CASE("one stream whose topic has no room does not hold up the other") {
    struct Parked final : forward::LogConsumer {
        explicit Parked(test::LogTopic& topic) : topic_(topic) {}
        std::size_t offer_log(const forward::LogBatch& batch) override {
            return batch.topic == 0 ? 0 : topic_.offer_log(batch);
        }
        void take_log_answers(std::vector<forward::LogAnswer>& out) override { topic_.take_log_answers(out); }
        test::LogTopic& topic_;
    };
    TailRig rig;
    rig.write("a.log", std::string(20 << 20, 'a') + "\n");
    rig.write("b.log", "one\n");
    auto first = rig.stream("a.log");
    auto second = rig.stream("b.log");
    second.name = second.topic = "u";
    rig.options.streams = {first, second};
    rig.options.directory = rig.directory / "state";
    Parked parked(rig.topic);
    rig.tailer = std::make_unique<Tailer>(rig.options, parked,
                                          Stream::Runners{.reader = rig.reader, .saver = rig.saver}, rig.clock);
    run_unanswered(rig);
    rig.settle();
    CHECK(rig.values() == Values{"one"});
}

TEST_CASE("the rate limit holds over seconds, and everything comes in the end") {
    TailRig rig;
    std::string text;
    while (text.size() < 300'000) {
        text += std::string(99, 'x') + "\n";
    }
    rig.write("a.log", text);
    auto stream = rig.stream("a.log");
    stream.rate_limit_bytes = 50'000;
    REQUIRE(rig.start({stream}));
    rig.settle();
    const auto begin = only_stream(rig).stats().read_bytes;
    CHECK(begin <= 10'000);
    for (int i = 0; i < 20 * 4; ++i) { // four seconds
        rig.advance(50);
        rig.settle();
    }
    const auto read = only_stream(rig).stats().read_bytes - begin;
    CHECK(read >= 180'000);
    CHECK(read <= 210'000);
    for (int i = 0; i < 20 * 4; ++i) {
        rig.advance(50);
        rig.settle();
    }
    CHECK(rig.topic.files.begin()->second.bytes == text);
}

TEST_CASE("the key is the path that the file had first, also behind a rotation and a restart") {
    TailRig rig;
    rig.write("a.log", "one\n");
    auto stream = rig.stream("a.log");
    stream.key = RecordKey::file;
    REQUIRE(rig.start({stream}));
    rig.settle();
    rig.rename("a.log", "a.log.1");
    rig.write("a.log.1", "two\n");
    rig.settle();
    rig.advance(2000);
    rig.settle();
    rig.kill();
    rig.write("a.log.1", "three\n");
    REQUIRE(rig.start());
    rig.run_out();
    CHECK(rig.values() == Values{"one", "two", "three"});
    for (const auto& record : rig.topic.delivered) {
        CHECK(record.is_keyed);
        CHECK(record.key == rig.path("a.log"));
    }
}

TEST_CASE("no key unless it is asked for") {
    TailRig rig;
    rig.write("a.log", "one\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    REQUIRE(rig.topic.delivered.size() == 1);
    CHECK_FALSE(rig.topic.delivered.front().is_keyed);
}

TEST_CASE(
    "start at the end: what was there is left out, files that come later are not, nor what comes after a restart") {
    TailRig rig;
    rig.write("a.log", "old\n");
    auto stream = rig.stream("*.log");
    stream.start = Start::end;
    REQUIRE(rig.start({stream}));
    rig.settle();
    CHECK(rig.values().empty());
    CHECK(only_stream(rig).lag_bytes() == 0);
    rig.write("a.log", "new\n");
    rig.write("b.log", "b\n");
    rig.run_out(3000);
    CHECK(sorted(rig.values()) == Values{"b", "new"});
    rig.kill();
    rig.write("a.log", "more\n");
    rig.write("c.log", "c\n");
    REQUIRE(rig.start());
    rig.run_out(3000);
    CHECK(sorted(rig.values()) == Values{"b", "c", "more", "new"});
    CHECK(rig.topic.delivered.front().uid.size() == 16);
}

TEST_CASE("a sparse file: its hole is passed over and counted; a hole at the end is waited for") {
    TailRig rig;
    rig.write("a.log", "one\n");
    std::filesystem::resize_file(rig.path("a.log"), 3 << 20);
    rig.write("a.log", "two\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    REQUIRE(rig.reader.is_idle());
    CHECK(rig.values().front() == "one");
    CHECK(rig.values().back().ends_with("two"));
    CHECK(rig.values().back().size() < 1 << 20);
    CHECK(skipped(rig, Skip::hole).bytes > 2 << 20);
    CHECK(only_stream(rig).lag_bytes() == 0);
    const auto count = rig.values().size();
    std::filesystem::resize_file(rig.path("a.log"), 9 << 20);
    rig.settle();
    CHECK(rig.reader.is_idle()); // it is not read again and again
    CHECK(rig.values().size() == count);
    rig.write("b.log", "one\ntw"); // with a line that is not whole before the hole
    std::filesystem::resize_file(rig.path("b.log"), 9 << 20);
    REQUIRE(rig.start({rig.stream("b.log")}));
    rig.settle();
    CHECK(rig.reader.is_idle());
    CHECK(rig.values().back() == "one");
    CHECK(rig.topic.faults.empty());
}

} // namespace
} // namespace agent::tail
