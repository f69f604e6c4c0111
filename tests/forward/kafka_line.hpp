// The way from the outbox to a broker as in the agent, with an embedded broker and on a clock of the test's.
#pragma once

#include "forward/embedded_broker.hpp"
#include "forward/kafka_client.hpp"
#include "forward/kafka_producer.hpp"
#include "forward/rdkafka.hpp"
#include "forward/topic_reader.hpp"
#include "journal/feeder.hpp"
#include "journal/outbox.hpp"
#include "support/fake_clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>

namespace agent::test {

using core::Topic;

inline constexpr auto patience =
    std::chrono::seconds(30); // for what must happen; nothing here waits for a time to pass
inline constexpr std::int16_t produce_request = 0;

inline forward::EmbeddedBroker start_broker() {
    auto broker = forward::EmbeddedBroker::start();
    REQUIRE(broker.has_value());
    return std::move(*broker);
}

// librdkafka takes a second to end a mock cluster: not in the way of the next test.
inline void end_in_background(forward::EmbeddedBroker broker) {
    static std::vector<std::future<void>> ending; // waits at the end of the program
    ending.push_back(std::async(std::launch::async, [broker = std::move(broker)]() mutable {
        const forward::EmbeddedBroker ends_here = std::move(broker);
    }));
}

// The way from the outbox to a broker, as in the agent, on a clock of the test's.
struct KafkaLine {
    explicit KafkaLine(const forward::KafkaProperties& properties = {}, int partitions = 1)
        : broker(start_broker()), outbox("run-1", ledger), partitions(partitions) {
        for (const Topic topic : core::all_topics) {
            REQUIRE(broker.create_topic(names[core::index(topic)], partitions));
        }
        forward::KafkaConfig config{.brokers = broker.bootstrap(), .topics = names};
        config.properties = {{"linger.ms", "5"}, {"topic.metadata.propagation.max.ms", "100"}};
        config.properties.insert(config.properties.end(), properties.begin(), properties.end());
        auto opened = forward::KafkaProducer::open(config, clock);
        REQUIRE(opened.has_value());
        producer = std::move(*opened);
        feeder.emplace(outbox, *producer, ledger);
    }

    ~KafkaLine() {
        producer.reset();
        end_in_background(std::move(broker));
    }
    KafkaLine(const KafkaLine&) = delete;
    KafkaLine& operator=(const KafkaLine&) = delete;

    void add(Topic topic, int count, std::size_t size = 20) {
        for (int i = 0; i < count; ++i) {
            const auto seq = std::to_string(outbox.stats(topic).last_position + 1);
            std::string value = "{\"n\":" + seq + "}";
            value.resize(std::max(size, value.size()), ' ');
            REQUIRE(outbox.append(topic, "key" + seq, value, 2, clock.unix_ms()) == journal::Append::accepted);
            ledger.of(topic).accepted_lines += 2;
        }
    }

    void pump() {
        while (feeder->pump() == journal::Pump::more) {
        }
        for (auto& event : producer->take_events()) {
            events.push_back(std::move(event));
        }
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

    [[nodiscard]] bool until_empty() {
        return until([&] { return outbox.empty(); });
    }

    bool saw(std::string_view text) const {
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& event) { return event.text.find(text) != std::string::npos; });
    }

    std::uint64_t dropped(Topic topic, core::DropReason reason) const {
        return ledger.of(topic).dropped_lines[static_cast<std::size_t>(reason)];
    }

    // Every seq from 1 to count was delivered, and what came twice is the same.
    void check_all_there(Topic topic, std::uint64_t count, const std::set<std::uint64_t>& but = {}) {
        std::map<std::uint64_t, ReadRecord> seen;
        for (const auto& record : read_topic(broker.bootstrap(), names[core::index(topic)], partitions)) {
            const auto seq = std::stoull(record.seq);
            const auto [first, fresh] = seen.emplace(seq, record);
            CHECK((fresh || first->second.value == record.value));
            CHECK(record.run == "run-1");
            CHECK(record.key == "key" + record.seq);
        }
        for (std::uint64_t seq = 1; seq <= count; ++seq) {
            CHECK(seen.contains(seq) != but.contains(seq));
        }
        CHECK(seen.size() == count - but.size());
    }

    rd_kafka_mock_cluster_t* cluster() { return broker.cluster_for_tests(); }

    void push_produce_errors(const std::vector<rd_kafka_resp_err_t>& errors) {
        rd_kafka_mock_push_request_errors_array(cluster(), produce_request, errors.size(), errors.data());
    }

    forward::EmbeddedBroker broker;
    FakeClock clock;
    core::Ledger ledger;
    journal::Outbox outbox;
    int partitions;
    core::TopicNames names = core::topic_names("t.");
    std::unique_ptr<forward::KafkaProducer> producer;
    std::optional<journal::Feeder> feeder;
    std::vector<forward::ClientEvent> events;
};

} // namespace agent::test
