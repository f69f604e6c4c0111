// The way of log records to a broker, with the tailer's end played by the test and on a clock of the test's.
#pragma once

#include "forward/kafka_line.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>

namespace agent::test {

// Offers what is not accepted yet, or came back, again and again, and counts what comes back.
struct LogLine {
    struct Ticket {
        forward::LogTopic topic = 0;
        std::string key;
        std::vector<forward::LogRecord> records; // all of them
        std::size_t waiting = 0;                 // the last so many of them
        std::size_t in_flight = 0;
        std::size_t delivered = 0;
        std::size_t again = 0; // came back
        std::size_t dropped = 0;

        bool done() const { return delivered + dropped == records.size(); }
    };

    enum class Linger : std::uint8_t { ours, of_tests };

    explicit LogLine(const forward::KafkaProperties& properties = {}, const core::TopicNames& names = {},
                     Linger linger = Linger::of_tests)
        : broker(start_broker()) {
        for (const auto& name : log_names) {
            broker.create_topic(name, 1); // the second of a name finds it there
        }
        forward::KafkaConfig config{.brokers = broker.bootstrap(), .topics = names, .log_topics = log_names};
        config.properties = {{"topic.metadata.propagation.max.ms", "100"}};
        if (linger == Linger::of_tests) {
            config.properties.push_back({"linger.ms", "5"});
        }
        config.properties.insert(config.properties.end(), properties.begin(), properties.end());
        auto opened = forward::KafkaProducer::open(config, clock);
        REQUIRE(opened.has_value());
        producer = std::move(*opened);
    }

    ~LogLine() {
        producer.reset();
        end_in_background(std::move(broker));
    }
    LogLine(const LogLine&) = delete;
    LogLine& operator=(const LogLine&) = delete;

    // One ticket of so many lines that are all different.
    std::uint64_t add(forward::LogTopic topic, std::size_t count, std::string key = {}, std::size_t size = 0) {
        const std::uint64_t number = last_ticket++;
        Ticket& ticket = tickets[number];
        ticket = {.topic = topic, .key = std::move(key), .records = {}, .waiting = count};
        for (std::size_t i = 0; i < count; ++i) {
            std::string value = "line " + std::to_string(++last_line);
            value.resize(std::max(value.size(), size), '.');
            const auto& src = texts.emplace_back("uid@" + std::to_string(last_line) + "-0");
            ticket.records.push_back({.value = texts.emplace_back(std::move(value)), .src = src});
        }
        return number;
    }

    void offer() {
        for (auto& [number, ticket] : tickets) {
            const auto records = std::span(ticket.records).last(ticket.waiting);
            if (records.empty()) {
                continue;
            }
            const forward::LogBatch batch{
                .topic = ticket.topic,
                .ticket = number,
                .key = ticket.key.empty() ? std::string_view() : std::string_view(ticket.key),
                .records = records,
            };
            const std::size_t taken = producer->offer_log(batch);
            REQUIRE(taken <= records.size());
            ticket.waiting -= taken;
            ticket.in_flight += taken;
        }
    }

    void take() {
        std::vector<forward::LogAnswer> fresh;
        producer->take_log_answers(fresh);
        for (const auto& answer : fresh) {
            Ticket& ticket = tickets.at(answer.ticket);
            REQUIRE(ticket.in_flight >= answer.records);
            ticket.in_flight -= answer.records;
            switch (answer.fate) {
            case forward::Fate::delivered: ticket.delivered += answer.records; break;
            case forward::Fate::retry: ticket.again += answer.records; break;
            default: ticket.dropped += answer.records;
            }
            if (ticket.in_flight == 0 && ticket.waiting == 0 && ticket.again != 0) { // nobody knows which: all again
                came_back += ticket.again;
                ticket.waiting = ticket.records.size();
                ticket.again = ticket.delivered = ticket.dropped = 0;
            }
        }
        answers.insert(answers.end(), fresh.begin(), fresh.end());
        for (auto& event : producer->take_events()) {
            events.push_back(std::move(event));
        }
    }

    void pump() {
        take();
        offer();
    }

    template <typename Condition>
    [[nodiscard]] bool until(Condition&& condition) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        for (;;) {
            pump();
            if (condition()) {
                return true;
            }
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            pollfd ready{.fd = producer->event_fd(), .events = POLLIN, .revents = 0};
            poll(&ready, 1, 20);
        }
    }

    [[nodiscard]] bool until_done() {
        return until([&] {
            return std::all_of(tickets.begin(), tickets.end(), [](const auto& each) { return each.second.done(); });
        });
    }

    std::size_t in_flight() const {
        return std::accumulate(tickets.begin(), tickets.end(), std::size_t{0},
                               [](std::size_t sum, const auto& each) { return sum + each.second.in_flight; });
    }

    bool saw(std::string_view text) const {
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& event) { return event.text.find(text) != std::string::npos; });
    }

    // Every record of the topic name is there with its value; when `once`, no more than that and in order.
    void check_all_there(const std::string& name, bool once = true) {
        std::vector<std::pair<std::string, std::string>> sent;
        for (const auto& [number, ticket] : tickets) {
            if (log_names[ticket.topic] == name) {
                for (const auto& record : ticket.records) {
                    sent.emplace_back(record.src, record.value);
                }
            }
        }
        std::vector<std::pair<std::string, std::string>> read;
        for (const auto& record : read_topic(broker.bootstrap(), name, 1)) {
            read.emplace_back(record.src, record.value);
            CHECK(record.headers == 1);
        }
        if (once) {
            CHECK(read == sent);
        } else {
            CHECK(std::set(read.begin(), read.end()) == std::set(sent.begin(), sent.end()));
        }
    }

    rd_kafka_mock_cluster_t* cluster() { return broker.cluster_for_tests(); }

    void push_produce_errors(const std::vector<rd_kafka_resp_err_t>& errors) {
        rd_kafka_mock_push_request_errors_array(cluster(), produce_request, errors.size(), errors.data());
    }

    forward::EmbeddedBroker broker;
    FakeClock clock;
    std::vector<std::string> log_names{"l.0", "l.1", "l.1"}; // two streams may have one topic
    std::deque<std::string> texts;                           // of the records
    std::unique_ptr<forward::KafkaProducer> producer;
    std::map<std::uint64_t, Ticket> tickets;
    std::uint64_t last_ticket = (std::uint64_t{1} << 48) - 100; // so large they may be
    std::uint64_t last_line = 0;
    std::size_t came_back = 0;
    std::vector<forward::LogAnswer> answers;
    std::vector<forward::ClientEvent> events;
};

} // namespace agent::test
