// A Kafka broker inside the process, for demos and tests: librdkafka's mock cluster. Clients such as kcat can read
// it. It has one node on 127.0.0.1 with a port that the kernel picks, threads of its own, and keeps 5 MiB of each
// partition in memory.
#pragma once

#include "forward/kafka_config.hpp"

#include <memory>
#include <string>

#include <boost/system/result.hpp>

struct rd_kafka_mock_cluster_s; // of librdkafka

namespace agent::forward {

class EmbeddedBroker {
  public:
    static boost::system::result<EmbeddedBroker, KafkaError> start();
    ~EmbeddedBroker(); // takes a second, for which librdkafka waits
    EmbeddedBroker(EmbeddedBroker&&) noexcept;
    EmbeddedBroker& operator=(EmbeddedBroker&&) noexcept;

    // Topics that nobody created come into being with 4 partitions when a client asks for them. False when there is
    // one of that name.
    bool create_topic(const std::string& name, int partitions);

    const std::string& bootstrap() const { return bootstrap_; } // "127.0.0.1:<port>"

    rd_kafka_mock_cluster_s* cluster_for_tests();

  private:
    struct Parts;
    explicit EmbeddedBroker(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
    std::string bootstrap_;
};

} // namespace agent::forward
