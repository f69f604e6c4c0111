// Sends what was produced at once, instead of when linger.ms is over: librdkafka cannot change that while it runs, but
// as long as somebody waits in rd_kafka_flush() it does not linger. So a thread of ours waits there.
//
// A flush in progress is good for all that is produced meanwhile, so in a stream of records the thread is seldom woken;
// when it is over because nothing is unanswered, the thread sleeps.
#pragma once

#include "forward/rdkafka.hpp"

#include <atomic>
#include <cstdint>
#include <thread>

namespace agent::forward {

class Flusher {
  public:
    explicit Flusher(rd_kafka_t* client); // which outlives it
    ~Flusher();                           // waits for the thread, but no longer than flush_timeout_ms
    Flusher(const Flusher&) = delete;
    Flusher& operator=(const Flusher&) = delete;

    // To be called after produce(). Never blocks.
    void flush();

  private:
    enum class Wish : std::uint8_t { none, flush, end };
    void run();

    rd_kafka_t* client_;
    std::atomic<Wish> wish_{Wish::none};
    std::thread thread_; // none when there is none to be had: then librdkafka lingers
};

} // namespace agent::forward
