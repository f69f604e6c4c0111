// What may be sent to one topic now, and what an answer of the cluster means for the record it is about. Pure: times
// come in as arguments.
//
// - A topic that fails (missing, forbidden, anything that is about the topic and not about a record) is parked: when
//   everything of it has come back, one record is sent as a probe, at once and then every probe_ms; the first one that
//   gets through opens the topic again.
// - When a batch is refused because of what is in it (too large, invalid), nobody says which record it was. What is in
//   flight together is then halved from failure to failure; a record that fails when it was alone in flight is the
//   culprit. Afterwards the groups double again: at once when a culprit was found, else after regrow_after_ms,
//   because then the topic takes only smaller batches than we make.
// - When a timestamp is refused, the topic's records are sent with the current time for restamp_ms. A topic that
// refuses
//   even that is parked: then this machine's clock is wrong.
#pragma once

#include "forward/record_consumer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace agent::forward {

// How the cluster, or the client library, answered a record.
enum class Answer : std::uint8_t {
    acked,
    given_back,    // nothing is known to be wrong with the record or the topic: offer it again
    too_large,     // the batch it was in
    invalid,       // the batch it was in
    bad_timestamp, // the record's own, or one in its batch
    topic_failed,
};

// Whether a topic moves. A parked one is missing or forbidden.
struct TopicHealth {
    bool parked = false;
    std::string reason;             // for the operator; empty when not parked
    std::int64_t since_unix_ms = 0; // when it was parked
};

struct Moment {
    std::int64_t steady_ms = 0;
    std::int64_t unix_ms = 0;
};

class TopicGate {
  public:
    static constexpr std::int64_t regrow_after_ms = 60'000; // one refused batch a minute costs nothing
    static constexpr std::int64_t restamp_ms = 60'000;      // the same

    explicit TopicGate(int probe_ms) : probe_ms_(probe_ms) {}

    bool admits(std::size_t size_bytes, std::int64_t steady_ms) const;
    std::int64_t timestamp_ms(std::int64_t sealed_ms, std::int64_t unix_ms) const {
        return restamping_ ? unix_ms : sealed_ms;
    }

    // The record is with the client library now.
    void sent(std::size_t size_bytes, std::int64_t steady_ms);

    // The client library did not even take it because the topic is known to fail.
    void refused(std::string_view reason, Moment now);

    // To be called for each record that was sent. `reason` is for the operator.
    Fate answered(std::size_t size_bytes, Answer answer, std::string_view reason, Moment now);

    const TopicHealth& health() const { return health_; }
    std::size_t in_flight_records() const { return in_flight_records_; }
    std::size_t in_flight_bytes() const { return in_flight_bytes_; }

    // Since when nothing was answered although something is in flight; only meaningful when something is.
    std::int64_t waiting_since_ms() const { return waiting_since_ms_; }

  private:
    Fate answered_about_content(std::size_t size_bytes, Answer answer);
    void park(std::string_view reason, Moment now);
    void all_came_back(std::int64_t steady_ms);
    void regrow(std::size_t acked_bytes, std::int64_t steady_ms);

    static constexpr std::size_t unlimited = SIZE_MAX;

    int probe_ms_;
    std::size_t in_flight_records_ = 0;
    std::size_t in_flight_bytes_ = 0;
    std::size_t most_together_ = 0; // records in flight at once since there were none
    std::int64_t waiting_since_ms_ = 0;

    TopicHealth health_;
    bool probing_ = false;
    std::int64_t next_probe_ms_ = 0;

    bool draining_ = false; // a batch failed: nothing more until all is back
    std::size_t group_bytes_ = unlimited;
    std::size_t failed_bytes_ = 0; // of the batches that failed while draining
    std::size_t regrown_bytes_ = 0;
    std::int64_t shrunk_ms_ = 0;
    bool culprit_found_ = false;

    // These change only when nothing is in flight, so all that is in flight was sent the same way.
    bool restamping_ = false;
    bool restamp_wanted_ = false;
    std::int64_t restamp_end_ms_ = 0;
};

} // namespace agent::forward
