// One librdkafka producer instance with its topics and its queue of events. It knows records and errors; what they
// mean is decided by KafkaProducer and TopicGate.
#pragma once

#include "core/topic.hpp"
#include "forward/client_event.hpp"
#include "forward/kafka_config.hpp"
#include "forward/rdkafka.hpp"
#include "forward/record_consumer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::forward {

// The end of one produce() that was accepted.
struct Report {
    core::Topic topic = core::Topic::mabs;
    std::uint64_t position = 0;
    std::size_t size_bytes = 0;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

class KafkaClient {
  public:
    // librdkafka's threads add to the eventfd when its queue becomes non-empty. It has to outlive the client.
    static boost::system::result<std::unique_ptr<KafkaClient>, KafkaError> open(const KafkaConfig& config,
                                                                                int event_fd);
    ~KafkaClient();
    KafkaClient(const KafkaClient&) = delete;
    KafkaClient& operator=(const KafkaClient&) = delete;

    // Bytes of key, value and run are not copied: they stay where they are until the report.
    rd_kafka_resp_err_t produce(const RecordView& record, std::int64_t timestamp_ms);

    // Empty when there is none now. Also collects events and answers; read them afterwards.
    std::optional<Report> next_report();
    std::vector<ClientEvent> take_events();

    // Why this instance cannot go on; empty while it can.
    const std::string& fatal_error() const { return fatal_error_; }

    // Asks the cluster for its metadata, on a thread, because librdkafka waits for the answer; broker_answered() then
    // tells, once, that there was one. (Its asynchronous way, DescribeCluster, hangs on the mock cluster.)
    void ask_broker();
    bool broker_answered();

    // Reports everything that is unanswered as purged, soon; without waiting for the broker or for threads.
    void purge();

    // Ends the instance on a thread of its own, because librdkafka waits for its threads (one may be in a DNS look-up).
    // The future is ready when that is done. Nothing else may be called afterwards.
    std::future<void> retire();

    rd_kafka_t* handle() { return client_.get(); } // for tests

  private:
    KafkaClient() = default;
    bool next_event();
    void note_error();
    void add_event(EventLevel level, std::string text);

    rdkafka::Client client_; // destroyed last
    std::array<rdkafka::Topic, core::topic_count> topics_;
    rdkafka::Queue queue_;
    rdkafka::Event event_; // whose delivery reports are being read
    std::vector<ClientEvent> events_;
    std::uint64_t events_lost_ = 0;
    std::string fatal_error_;
    std::future<bool> asked_;
};

} // namespace agent::forward
