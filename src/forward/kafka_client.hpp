// One librdkafka producer instance with its topics and its queue of events. It knows records and errors; what they
// mean is decided by KafkaProducer and TopicGate.
#pragma once

#include "core/topic.hpp"
#include "forward/client_event.hpp"
#include "forward/flusher.hpp"
#include "forward/kafka_config.hpp"
#include "forward/log_consumer.hpp"
#include "forward/rdkafka.hpp"
#include "forward/record_consumer.hpp"

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::forward {

// A topic's place among all of the client's: those of core::Topic, then those of log files.
using TopicSlot = std::size_t;
constexpr TopicSlot slot_of(core::Topic topic) {
    return core::index(topic);
}
constexpr TopicSlot slot_of_log(LogTopic topic) {
    return core::topic_count + topic;
}

// The end of one produce() that was accepted.
struct Report {
    TopicSlot slot = 0;
    std::uint64_t position = 0; // of a log record: its ticket
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

    // The same of key and value; the header is copied. One record of the batch.
    rd_kafka_resp_err_t produce(const LogBatch& batch, const LogRecord& record);

    // Does not let linger what was produced, unless the operator said how long it shall.
    void flush() {
        if (flusher_) {
            flusher_->flush();
        }
    }

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
    boost::system::result<void, KafkaError> open_topics(const KafkaConfig& config);
    bool next_event();
    void note_error();
    void add_event(EventLevel level, std::string text);

    rdkafka::Client client_;             // destroyed last
    std::vector<rdkafka::Topic> topics_; // by slot; null where the name is empty
    rdkafka::Queue queue_;
    rdkafka::Event event_; // whose delivery reports are being read
    std::vector<ClientEvent> events_;
    std::uint64_t events_lost_ = 0;
    std::string fatal_error_;
    std::future<bool> asked_;
    std::unique_ptr<Flusher> flusher_; // may be null
};

} // namespace agent::forward
