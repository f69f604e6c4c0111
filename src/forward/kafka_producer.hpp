// Records to Kafka with librdkafka: those of the outbox (RecordConsumer) and those of log files (LogConsumer), through
// one client.
//
// - Nothing is copied and nothing expires: an accepted record is answered when the cluster acknowledged it, or refused
//   it, or when this producer gives it back (Fate::retry).
// - A topic that is missing or forbidden is parked: its records come back to wait, one of them is sent every
//   parked_probe_ms to see whether it works again, and no other topic is held up.
// - A batch that is too large is taken apart until the one record is found that is.
// - After a fatal error of librdkafka, or when nothing moves while the broker answers, the client is built anew and
//   all that was unanswered is given back. Only then, and when the process dies, can a record reach Kafka twice: with
//   the same headers and the same bytes. What librdkafka itself sends again, the broker drops as a duplicate.
//
// Answers of both kinds come from one queue: what a take of one kind finds of the other is kept for that one.
//
// One thread; no call blocks, but building the client anew can take some milliseconds (TLS: reading certificates).
// librdkafka's threads make event_fd() readable when there are deliveries or events; besides, call the feeder's pump
// every 20 to 50 ms: probes and rebuilds need the time to pass.
#pragma once

#include "core/clock.hpp"
#include "core/topic.hpp"
#include "forward/client_event.hpp"
#include "forward/kafka_config.hpp"
#include "forward/log_consumer.hpp"
#include "forward/record_consumer.hpp"
#include "forward/topic_gate.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::forward {

class KafkaClient;
struct Report;

class KafkaProducer final : public RecordConsumer, public LogConsumer {
  public:
    // The clock outlives the producer. Does not need a broker to be there; fails only for a wrong configuration.
    static boost::system::result<std::unique_ptr<KafkaProducer>, KafkaError> open(KafkaConfig config,
                                                                                  const core::Clock& clock);
    ~KafkaProducer() override; // waits for librdkafka's threads, but no longer than a second

    Offer offer(const RecordView& record) override;
    std::size_t take_deliveries(std::span<Delivery> out) override;

    std::size_t offer_log(const LogBatch& batch) override;
    void take_log_answers(std::vector<LogAnswer>& out) override; // a part, when there are very many

    // Readable (poll, epoll) when take_deliveries(), take_log_answers() or take_events() may have something; it
    // becomes unreadable when they have nothing left. Never read from it or close it.
    int event_fd() const { return event_fd_; }

    // What librdkafka logged or reported since the last call, and what this producer did about it; not rate-limited.
    std::vector<ClientEvent> take_events();

    const TopicHealth& health(core::Topic topic) const;
    const TopicHealth& log_health(LogTopic topic) const;
    std::uint64_t rebuilds() const { return rebuilds_; }

    // Gives up: takes no more records and answers all that is unanswered as Fate::retry, within milliseconds, also
    // with the broker gone. Go on to pump until nothing is in flight, then destroy the producer.
    void stop();

    // Ends librdkafka's threads and waits for them, but no longer than a second: false means that they are still there
    // and may still read the records' memory. Nothing but destruction may follow. The destructor does this too.
    bool close();

    KafkaClient* client_for_tests() { return client_.get(); }

  private:
    KafkaProducer(KafkaConfig config, const core::Clock& clock, int event_fd);
    const std::string& name(std::size_t slot) const;
    bool admits(const TopicGate& to, const LogBatch& batch, std::size_t size_bytes) const;
    Offer produced(const Report& attempt);
    void begin_taking();
    Fate settle(const Report& report);
    void keep(const Report& of, Fate fate);
    void ring();
    void note_health(std::size_t slot, bool was_parked);
    void add_event(EventLevel level, std::string text);
    std::size_t in_flight_records() const;

    void hurry(std::size_t records, std::size_t size_bytes);
    void keep_house();
    void look_for_stuck();
    std::optional<std::size_t> stuck_slot() const;
    void begin_rebuild(std::string_view reason);
    void go_on_rebuilding();

    KafkaConfig config_;
    const core::Clock& clock_;
    Moment
        now_; // as of the last take_deliveries(): reading the clock for each record would cost a tenth of its sending
    int event_fd_;
    std::vector<TopicGate> gates_;        // by TopicSlot
    std::unique_ptr<KafkaClient> client_; // null only while a new one cannot be made
    std::deque<Delivery> deliveries_;     // answered without the client, or found while taking log answers
    std::vector<LogAnswer> log_answers_;  // likewise
    std::vector<ClientEvent> events_;
    std::vector<std::future<void>> retired_;
    std::uint64_t rebuilds_ = 0;

    // Of the last span of linger_ms and of the one before: whether the cluster gets so little that it can be sent at
    // once.
    struct Flow {
        std::size_t records = 0;
        std::size_t size_bytes = 0;
        bool is_quiet() const;
    };
    Flow flow_;
    bool was_quiet_ = true;
    std::int64_t flow_since_ms_ = 0;

    enum class Mode : std::uint8_t { sending, rebuilding, stopped };
    Mode mode_ = Mode::sending;
    std::int64_t next_try_ms_ = 0;  // of the purge or of making a new client
    std::int64_t next_look_ms_ = 0; // for stuck topics
};

} // namespace agent::forward
