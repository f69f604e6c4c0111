// Records of log files: the other half of KafkaProducer.
#include "forward/kafka_producer.hpp"
#include "forward/log_line.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>

using namespace agent;
using core::Topic;
using forward::Fate;
using forward::LogAnswer;
using test::LogLine;

namespace {

bool is_readable(int fd) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&ready, 1, 0) == 1;
}

bool gets_readable(int fd) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&ready, 1, 30'000) == 1;
}

} // namespace

TEST_CASE("a record of a log file arrives with its bytes, its source and a key only if it has one") {
    LogLine line;
    const std::string bytes("\0\xFF\n", 3);
    const std::array records{forward::LogRecord{.value = bytes, .src = "uid@0-4"},
                             forward::LogRecord{.value = "", .src = "uid@4-5"}};
    CHECK(line.producer->offer_log({.topic = 0, .ticket = 1, .key = {}, .records = records}) == 2);
    CHECK(line.producer->offer_log({.topic = 0, .ticket = 2, .key = "", .records = records}) == 2);
    CHECK(line.producer->offer_log({.topic = 0, .ticket = 3, .key = "/a", .records = records}) == 2);
    std::vector<LogAnswer> answers;
    std::size_t answered = 0;
    while (answered < 6) {
        REQUIRE(gets_readable(line.producer->event_fd()));
        answers.clear();
        line.producer->take_log_answers(answers);
        for (const auto& answer : answers) {
            CHECK(answer.fate == Fate::delivered);
            answered += answer.records;
        }
    }
    CHECK(answered == 6);
    const auto read = test::read_topic(line.broker.bootstrap(), "l.0", 1);
    REQUIRE(read.size() == 6);
    for (std::size_t i = 0; i < read.size(); ++i) {
        CHECK(read[i].value == records[i % 2].value);
        CHECK(read[i].src == records[i % 2].src);
        CHECK(read[i].headers == 1);
        CHECK(read[i].has_key == (i >= 2));
        CHECK(read[i].key == (i >= 4 ? "/a" : ""));
    }
}

TEST_CASE("records answered together are one answer") {
    LogLine line(forward::KafkaProperties{{"linger.ms", "60000"}, {"batch.num.messages", "1000"}});
    line.add(0, 400);
    line.add(0, 600); // with these the batch is full
    REQUIRE(line.until_done());
    REQUIRE(line.answers.size() == 2);
    CHECK(line.answers[0].records == 400);
    CHECK(line.answers[1].records == 600);
    line.check_all_there("l.0");
}

TEST_CASE("many records arrive once each and in order, two streams with one topic too") {
    LogLine line;
    for (int i = 0; i < 30; ++i) {
        line.add(0, 1000, "", 100);
        line.add(1, 500, "/file");
    }
    REQUIRE(line.until_done());
    CHECK(line.answers.size() < 1000); // of 45,000 records
    line.check_all_there("l.0");
    line.check_all_there("l.1");
    line.add(2, 500);
    REQUIRE(line.until_done());
    line.check_all_there("l.1");
}

TEST_CASE("answers of the other kind are kept, and the descriptor tells of them") {
    LogLine line({}, core::topic_names("t."));
    std::array<forward::Delivery, 256> deliveries;
    std::vector<LogAnswer> answers;
    const std::array records{forward::LogRecord{.value = "v", .src = "s"}};
    for (const bool log_first : {false, true}) {
        CAPTURE(log_first);
        for (std::uint64_t i = 0; i < 10; ++i) {
            REQUIRE(line.producer->offer({.topic = Topic::agent, .position = i, .key = "k", .value = "{}"}) ==
                    forward::Offer::accepted);
            REQUIRE(line.producer->offer_log({.topic = 1, .ticket = i, .key = {}, .records = records}) == 1);
        }
        std::size_t delivered = 0;
        answers.clear();
        // Only one of the two asks until it has all of its own; then the other finds all of its own without waiting.
        while (log_first ? answers.size() < 10 : delivered < 10) {
            REQUIRE(gets_readable(line.producer->event_fd()));
            if (log_first) {
                line.producer->take_log_answers(answers);
            } else {
                delivered += line.producer->take_deliveries(deliveries);
            }
        }
        // What is not read yet is still to come from the broker.
        while (answers.size() < 10 || delivered < 10) {
            REQUIRE(gets_readable(line.producer->event_fd()));
            if (log_first) {
                delivered += line.producer->take_deliveries(deliveries);
            } else {
                line.producer->take_log_answers(answers);
            }
        }
        CHECK(delivered == 10);
        CHECK(answers.size() == 10);
        line.producer->take_log_answers(answers);
        CHECK(line.producer->take_deliveries(deliveries) == 0);
        CHECK(!is_readable(line.producer->event_fd()));
    }
}

TEST_CASE("a small span gets through many log answers without losing one") {
    LogLine line({}, core::topic_names("t."));
    line.add(0, 3000);
    line.offer();
    std::array<forward::Delivery, 16> deliveries;
    while (true) {
        REQUIRE(gets_readable(line.producer->event_fd()));
        CHECK(line.producer->take_deliveries(deliveries) == 0);
        line.pump();
        if (line.in_flight() == 0) {
            break;
        }
    }
    CHECK(line.until_done());
    line.check_all_there("l.0");
}

TEST_CASE("topics without a name are not asked for") {
    LogLine line({}, {"", "", "", "t.agent"});
    line.add(0, 10);
    REQUIRE(line.until_done());
    for (const auto& event : line.events) {
        CAPTURE(event.text);
        CHECK(event.level > forward::EventLevel::warning);
    }
}

TEST_CASE("no more is taken of a topic than the cluster can have under way, of each for itself") {
    LogLine line(forward::KafkaProperties{{"linger.ms", "60000"}, {"batch.size", "2000000"}});
    line.add(0, 10'000, "", 1000);
    line.add(1, 10'000, "", 1000);
    line.offer();
    for (auto& [number, ticket] : line.tickets) {
        CHECK(ticket.in_flight * 1000 <= core::limits::log_topic_bytes);
        CHECK(ticket.in_flight * 1100 > core::limits::log_topic_bytes);
    }
    line.producer->stop();
    REQUIRE(line.until([&] { return line.in_flight() == 0; }));
}

TEST_CASE("a record larger than the window goes alone") {
    LogLine line(forward::KafkaProperties{{"message.max.bytes", "5000000"}});
    line.add(0, 2, "", core::limits::log_topic_bytes + 1);
    line.offer();
    CHECK(line.in_flight() == 1);
    REQUIRE(line.until_done());
    line.check_all_there("l.0");
}

TEST_CASE("what comes drop by drop does not wait for a batch, unless the operator wants it to") {
    // With nobody to hurry it, the record would be sent when the linger is over.
    const std::array records{forward::LogRecord{.value = "v", .src = "s"}};
    const auto seconds = [&](LogLine& line) {
        std::vector<LogAnswer> answers;
        const auto began = std::chrono::steady_clock::now();
        for (std::uint64_t i = 1; i <= 50; ++i) {
            REQUIRE(line.producer->offer_log({.topic = 0, .ticket = i, .key = {}, .records = records}) == 1);
            while (answers.size() < i) {
                REQUIRE(gets_readable(line.producer->event_fd()));
                line.clock.advance(1000); // all the same quiet
                line.producer->take_log_answers(answers);
            }
        }
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    LogLine fixed(forward::KafkaProperties{{"linger.ms", "50"}});
    CHECK(seconds(fixed) > 50 * 0.045);
    LogLine adaptive(forward::KafkaProperties{}, {}, LogLine::Linger::ours);
    CHECK(seconds(adaptive) < 50 * 0.045);
}

TEST_CASE("a full queue takes a part") {
    LogLine line(forward::KafkaProperties{{"queue.buffering.max.messages", "70"}});
    const auto ticket = line.add(0, 100);
    line.offer();
    CHECK(line.tickets.at(ticket).in_flight == 70);
    CHECK(line.tickets.at(ticket).waiting == 30);
    REQUIRE(line.until_done());
    line.check_all_there("l.0");
}

TEST_CASE("a record over the client's limit is answered, the next ones go on") {
    LogLine line(forward::KafkaProperties{{"message.max.bytes", "2000"}});
    const auto large = line.add(0, 1, "", 5000);
    const auto small = line.add(0, 3);
    line.offer();
    CHECK(is_readable(line.producer->event_fd())); // nobody else would tell
    REQUIRE(line.until_done());
    CHECK(line.tickets.at(large).dropped == 1);
    CHECK(line.tickets.at(small).delivered == 3);
    CHECK(line.answers.front() ==
          LogAnswer{.ticket = line.tickets.begin()->first, .records = 1, .fate = Fate::too_large});
}
