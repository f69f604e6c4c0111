// What the Kafka producer is told at start, and how it becomes a librdkafka configuration.
#pragma once

#include "core/limits.hpp"
#include "core/topic.hpp"

#include <string>
#include <utility>
#include <vector>

namespace agent::forward {

// Any librdkafka properties; later ones win.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

struct KafkaConfig {
    std::string brokers = "localhost:9092";          // as librdkafka's bootstrap.servers: host[:port],...
    core::TopicNames topics = core::topic_names(""); // an empty name: nothing is sent there, and no broker is asked
    std::vector<std::string> log_topics{};           // by LogTopic, max_log_streams of them; names may repeat

    KafkaProperties properties{}; // they override ours

    int parked_probe_ms = core::limits::parked_probe_ms;
    int stuck_after_ms = core::limits::stuck_after_ms;
};

// What is wrong with the configuration, naming the property: one line for the operator.
struct KafkaError {
    std::string text;
};

} // namespace agent::forward
