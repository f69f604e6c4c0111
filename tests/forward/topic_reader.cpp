#include "forward/topic_reader.hpp"

#include <array>
#include <set>
#include <stdexcept>

namespace agent::test {

namespace {

using namespace agent::forward;
using Message = std::unique_ptr<rd_kafka_message_t, rdkafka::Deleter<rd_kafka_message_destroy>>;
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, rdkafka::Deleter<rd_kafka_topic_partition_list_destroy>>;

constexpr int patience_ms = 20'000;

rdkafka::Client make_consumer(const std::string& bootstrap) {
    std::array<char, 512> text{};
    rdkafka::Conf conf(rd_kafka_conf_new());
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", bootstrap.c_str(), text.data(), text.size());
    rd_kafka_conf_set(conf.get(), "group.id", "reader", text.data(), text.size());
    rd_kafka_conf_set(conf.get(), "enable.partition.eof", "true", text.data(), text.size());
    rd_kafka_conf_set(conf.get(), "fetch.wait.max.ms", "10", text.data(), text.size());
    rd_kafka_conf_set(conf.get(), "enable.auto.commit", "false", text.data(), text.size());
    rdkafka::Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), text.data(), text.size()));
    if (!client) {
        throw std::runtime_error(text.data());
    }
    (void)conf.release();
    rd_kafka_poll_set_consumer(client.get());
    return client;
}

std::string header(const rd_kafka_message_t& message, const char* name) {
    rd_kafka_headers_t* headers = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return "";
    }
    return {static_cast<const char*>(value), size};
}

ReadRecord to_record(const rd_kafka_message_t& message) {
    rd_kafka_headers_t* headers = nullptr;
    rd_kafka_message_headers(&message, &headers);
    return {.key = std::string(static_cast<const char*>(message.key), message.key_len),
            .value = std::string(static_cast<const char*>(message.payload), message.len),
            .run = header(message, "run"),
            .seq = header(message, "seq"),
            .src = header(message, "src"),
            .has_key = message.key != nullptr,
            .headers = headers != nullptr ? rd_kafka_header_cnt(headers) : 0,
            .timestamp_ms = rd_kafka_message_timestamp(&message, nullptr),
            .partition = message.partition};
}

} // namespace

std::vector<ReadRecord> read_topic(const std::string& bootstrap, const std::string& topic, int partitions) {
    const rdkafka::Client consumer = make_consumer(bootstrap);
    const List assigned(rd_kafka_topic_partition_list_new(partitions));
    for (int partition = 0; partition < partitions; ++partition) {
        rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer.get(), assigned.get());
    std::vector<ReadRecord> records;
    std::set<std::int32_t> finished;
    while (finished.size() < static_cast<std::size_t>(partitions)) {
        const Message message(rd_kafka_consumer_poll(consumer.get(), patience_ms));
        if (!message) {
            throw std::runtime_error("the broker does not answer the reader");
        }
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            finished.insert(message->partition);
        } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            records.push_back(to_record(*message));
        }
    }
    rd_kafka_consumer_close(consumer.get());
    return records;
}

} // namespace agent::test
