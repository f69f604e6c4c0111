#include "forward/kafka_properties.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <array>

namespace agent::forward {

namespace {

struct Property {
    const char* name;
    const char* value;
};

constexpr std::array defaults{
    Property{"client.id", "metrics-agent"},

    // Nothing lost: all replicas have it, what is sent again is recognised by the broker, nothing expires.
    Property{"acks", "all"},
    Property{"enable.idempotence", "true"},
    Property{"message.timeout.ms", "0"},

    // As the Java client's default, so that records of one series from all hosts meet in one partition.
    Property{"partitioner", "murmur2_random"},

    // Few, large batches (limits::linger_ms): with 5 ms a trickle of records costs several times the CPU, and when
    // there is little to send, Flusher does not let it wait. But not larger than a cache: batches of 1 MB cost a third
    // more CPU than those of 250 KB (60 KB: as much again), and an answer frees a whole batch at a stretch. lz4 costs
    // no more than it saves in writing to the socket, and the network and the brokers' disks get a fifth of the bytes.
    Property{"linger.ms", "50"},
    Property{"batch.size", "250000"},
    Property{"compression.codec", "lz4"},

    // The window of the feeder bounds what is queued, these must not.
    Property{"queue.buffering.max.messages", "0"},
    Property{"queue.buffering.max.kbytes", "1048576"},

    // What brokers take when they are not told otherwise; librdkafka's own is less, and would refuse what they take.
    Property{"message.max.bytes", "1048588"},

    // A broker that comes back is found soon; the default of 10 s would be the better part of an outage.
    Property{"reconnect.backoff.max.ms", "2000"},
    Property{"socket.connection.setup.timeout.ms", "10000"},
    Property{"socket.keepalive.enable", "true"},
    Property{"socket.nagle.disable", "true"},

    // How long a topic that the brokers do not know is believed to be on its way, counted from the start of the client;
    // librdkafka then fails its records, and asks for it once a second. Brokers make topics in well under a second.
    Property{"topic.metadata.propagation.max.ms", "5000"},

    Property{"statistics.interval.ms", "0"},
    Property{"enable.metrics.push", "false"},  // the process's end would wait for the last push
    Property{"log.connection.close", "false"}, // brokers close idle connections all the time
    Property{"log.queue", "true"},
};

bool set(rd_kafka_conf_t* conf, const char* name, const char* value, KafkaError& error) {
    std::array<char, 512> text{};
    if (rd_kafka_conf_set(conf, name, value, text.data(), text.size()) == RD_KAFKA_CONF_OK) {
        return true;
    }
    error.text = std::string("Kafka property ") + name + ": " + text.data();
    return false;
}

} // namespace

boost::system::result<rdkafka::Conf, KafkaError> make_kafka_conf(const KafkaConfig& config) {
    rdkafka::Conf conf(rd_kafka_conf_new());
    KafkaError error;
    for (const Property& property : defaults) {
        if (!set(conf.get(), property.name, property.value, error)) {
            return error;
        }
    }
    if (!set(conf.get(), "bootstrap.servers", config.brokers.c_str(), error)) {
        return error;
    }
    for (const auto& [name, value] : config.properties) {
        if (!set(conf.get(), name.c_str(), value.c_str(), error)) {
            return error;
        }
    }
    return conf;
}

bool linger_adapts(const KafkaConfig& config) {
    return std::ranges::none_of(config.properties, [](const auto& property) {
        return property.first == "linger.ms" || property.first == "queue.buffering.max.ms";
    });
}

} // namespace agent::forward
