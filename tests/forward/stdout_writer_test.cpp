#include "forward/stdout_writer.hpp"

#include "journal/feeder.hpp"
#include "journal/outbox.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace agent;
using core::Topic;

namespace {

struct Pipe {
    Pipe() { REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0); }
    ~Pipe() {
        close_reader();
        close(ends[1]);
    }
    void close_reader() {
        if (ends[0] != -1) {
            close(ends[0]);
            ends[0] = -1;
        }
    }
    // What is there, without waiting.
    std::string read_some(std::size_t size) {
        std::string text(size, '\0');
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        const auto got = read(ends[0], text.data(), size);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
    std::array<int, 2> ends{};
};

struct Line {
    explicit Line(int fd)
        : outbox("run-1", ledger),
          writer(core::topic_names("p."), {"l.0", "l.1"}, fd),
          feeder(outbox, writer, ledger) {}

    void add(int count, std::size_t size) {
        for (int i = 0; i < count; ++i) {
            outbox.append(Topic::mabs, "k", "{\"pad\":\"" + std::string(size, 'x') + "\"}", 1, 0);
        }
    }

    core::Ledger ledger;
    journal::Outbox outbox;
    forward::StdoutWriter writer;
    journal::Feeder feeder;
};

} // namespace

TEST_CASE("a record is one JSON line") {
    Pipe pipe;
    Line line(pipe.ends[1]);
    line.outbox.append(Topic::by_node, "m{a=\"\\,\",node=h}", R"({"v":1,"tags":{}})", 3, 99);
    line.feeder.pump();
    line.feeder.pump();
    CHECK(pipe.read_some(1000) ==
          R"({"topic":"p.mabs.by_node","key":"m{a=\"\\,\",node=h}","headers":{"run":"run-1","seq":"1"},)"
          R"("value":{"v":1,"tags":{}}})"
          "\n");
    CHECK(line.ledger.of(Topic::by_node).delivered_lines == 3);
    CHECK(line.outbox.empty());
}

TEST_CASE("a slow reader holds records up and loses none") {
    Pipe pipe;
    Line line(pipe.ends[1]);
    line.add(3000, 1000);
    for (int i = 0; i < 20; ++i) {
        line.feeder.pump(); // returns although nobody reads
    }
    const auto accepted = line.feeder.in_flight_records() + line.ledger.of(Topic::mabs).delivered_lines;
    CHECK(accepted < 1000); // the rest waits in the outbox, not in the writer
    CHECK(line.ledger.of(Topic::mabs).delivered_lines < 100);

    std::string text;
    for (int i = 0; i < 100'000 && !line.outbox.empty(); ++i) {
        text += pipe.read_some(5000);
        line.feeder.pump();
    }
    text += pipe.read_some(1 << 20);
    CHECK(line.ledger.of(Topic::mabs).delivered_lines == 3000);
    std::size_t from = 0;
    for (int seq = 1; seq <= 3000; ++seq) {
        const auto end = text.find('\n', from);
        REQUIRE(end != std::string::npos);
        REQUIRE(nlohmann::json::parse(text.substr(from, end - from)).at("headers").at("seq") == std::to_string(seq));
        from = end + 1;
    }
    CHECK(from == text.size());
}

TEST_CASE("a reader that went away is an error, and nothing counts as delivered that was not written") {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    Line line(pipe.ends[1]);
    line.add(1, 10);
    line.feeder.pump();
    line.feeder.pump();
    CHECK(line.writer.error().empty());
    CHECK(line.ledger.of(Topic::mabs).delivered_lines == 1);
    pipe.close_reader();
    line.add(5, 10);
    line.feeder.pump();
    line.feeder.pump();
    line.feeder.pump();
    CHECK(line.writer.error().find("Broken pipe") != std::string::npos);
    CHECK(line.ledger.of(Topic::mabs).delivered_lines == 1);
    CHECK(line.feeder.in_flight_records() == 0);
    CHECK(line.outbox.stats(Topic::mabs).waiting_records == 5);
    std::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("a file takes it all") {
    std::array<char, 32> name{"/tmp/stdout_writer_XXXXXX"};
    const int fd = mkstemp(name.data());
    REQUIRE(fd != -1);
    unlink(name.data());
    Line line(fd);
    line.add(2000, 500);
    for (int i = 0; i < 1000 && !line.outbox.empty(); ++i) {
        line.feeder.pump();
    }
    CHECK(line.outbox.empty());
    CHECK(lseek(fd, 0, SEEK_END) > 2000 * 500);
    close(fd);
}

TEST_CASE("a record of a log file is one JSON line, whatever its bytes") {
    struct Case {
        std::string_view value;
        std::string_view json;
    };
    using namespace std::string_view_literals;
    for (const auto& [value, json] : {
             Case{"", R"("")"},
             Case{"a \"line\"\t\\", R"("a \"line\"\u0009\\")"},
             Case{"caf\xC3\xA9", "\"caf\xC3\xA9\""},
             Case{"\xC3", "\"\xEF\xBF\xBD\""},
             Case{"a\xFF\xFEz", "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\""},
             Case{"\0"sv, R"("\u0000")"},
         }) {
        CAPTURE(json);
        Pipe pipe;
        forward::StdoutWriter writer(core::topic_names("p."), {"l.0", "l.1"}, pipe.ends[1]);
        const std::array records{forward::LogRecord{.value = value, .src = "uid@0-1"}};
        REQUIRE(writer.offer_log({.topic = 1, .ticket = 9, .key = {}, .records = records}) == 1);
        REQUIRE(writer.offer_log({.topic = 0, .ticket = 9, .key = "/a\xFF", .records = records}) == 1);
        std::vector<forward::LogAnswer> answers;
        writer.take_log_answers(answers);
        CHECK(answers == std::vector{forward::LogAnswer{.ticket = 9, .records = 2, .fate = forward::Fate::delivered}});
        CHECK(pipe.read_some(1000) ==
              R"({"topic":"l.1","key":null,"headers":{"src":"uid@0-1"},"value":)" + std::string(json) + "}\n" +
                  "{\"topic\":\"l.0\",\"key\":\"/a\xEF\xBF\xBD\",\"headers\":{\"src\":\"uid@0-1\"},\"value\":" +
                  std::string(json) + "}\n");
    }
}

TEST_CASE("records of both kinds share the buffer, each kind is answered to its own") {
    Pipe pipe;
    Line line(pipe.ends[1]);
    line.add(2, 10);
    line.feeder.pump();
    const std::string value(1000, 'v');
    const std::vector records(1000, forward::LogRecord{.value = value, .src = "uid@0-1001"});
    std::size_t accepted = line.writer.offer_log({.topic = 0, .ticket = 1, .key = {}, .records = records});
    CHECK(accepted > 100);
    CHECK(accepted < records.size()); // the buffer has an end
    std::string text;
    std::vector<forward::LogAnswer> answers;
    const auto answered = [&] {
        std::size_t sum = 0;
        for (const auto& answer : answers) {
            CHECK(answer.ticket == 1);
            CHECK(answer.fate == forward::Fate::delivered);
            sum += answer.records;
        }
        return sum;
    };
    for (int i = 0; i < 10'000 && answered() < records.size(); ++i) {
        text += pipe.read_some(5000);
        line.writer.take_log_answers(answers);
        CHECK(answered() <= accepted);
        accepted += line.writer.offer_log(
            {.topic = 0, .ticket = 1, .key = {}, .records = std::span(records).subspan(accepted)});
    }
    CHECK(answered() == records.size());
    line.feeder.pump();
    CHECK(line.outbox.empty());
    text += pipe.read_some(1 << 20);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1002);
}

TEST_CASE("when the reader went away records of log files come back") {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    forward::StdoutWriter writer(core::topic_names("p."), {"l.0"}, pipe.ends[1]);
    pipe.close_reader();
    const std::array records{forward::LogRecord{.value = "v", .src = "s"},
                             forward::LogRecord{.value = "w", .src = "s"}};
    REQUIRE(writer.offer_log({.topic = 0, .ticket = 3, .key = {}, .records = records}) == 2);
    std::vector<forward::LogAnswer> answers;
    writer.take_log_answers(answers);
    CHECK(answers == std::vector{forward::LogAnswer{.ticket = 3, .records = 2, .fate = forward::Fate::retry}});
    CHECK(writer.offer_log({.topic = 0, .ticket = 4, .key = {}, .records = records}) == 0);
    std::signal(SIGPIPE, SIG_DFL);
}
