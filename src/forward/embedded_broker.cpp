#include "forward/embedded_broker.hpp"

#include "forward/rdkafka.hpp"

#include <array>

namespace agent::forward {

// The client instance only lends its threads to the cluster.
struct EmbeddedBroker::Parts {
    rdkafka::Client client;
    rdkafka::MockCluster cluster; // destroyed first
};

EmbeddedBroker::EmbeddedBroker(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)), bootstrap_(rd_kafka_mock_cluster_bootstraps(parts_->cluster.get())) {}
EmbeddedBroker::~EmbeddedBroker() = default;
EmbeddedBroker::EmbeddedBroker(EmbeddedBroker&&) noexcept = default;
EmbeddedBroker& EmbeddedBroker::operator=(EmbeddedBroker&&) noexcept = default;

boost::system::result<EmbeddedBroker, KafkaError> EmbeddedBroker::start() {
    std::array<char, 512> text{};
    rdkafka::Conf conf(rd_kafka_conf_new());
    rd_kafka_conf_set_log_cb(conf.get(), nullptr); // each client that comes and goes would be logged
    auto parts = std::make_unique<Parts>();
    parts->client.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
    if (!parts->client) {
        return KafkaError{std::string("embedded broker: ") + text.data()};
    }
    (void)conf.release();
    parts->cluster.reset(rd_kafka_mock_cluster_new(parts->client.get(), 1));
    if (!parts->cluster) {
        return KafkaError{"embedded broker: no mock cluster"};
    }
    return EmbeddedBroker(std::move(parts));
}

bool EmbeddedBroker::create_topic(const std::string& name, int partitions) {
    return rd_kafka_mock_topic_create(parts_->cluster.get(), name.c_str(), partitions, 1) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_mock_cluster_s* EmbeddedBroker::cluster_for_tests() {
    return parts_->cluster.get();
}

} // namespace agent::forward
