// Records as JSON lines on a file descriptor, instead of Kafka:
//   {"topic":"mabs","key":"m{a=1}","headers":{"run":"...","seq":"1"},"value":{...}}
// Never blocks on a pipe: what a slow reader does not take stays in a bounded buffer, and when that is full offers are
// answered `full`. A record is delivered when all of its line was written. When the reader is gone or the disk is full
// nothing more is accepted, unanswered records come back as Fate::retry, and error() says why; with SIGPIPE ignored.
#pragma once

#include "core/topic.hpp"
#include "forward/record_consumer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>

namespace agent::forward {

class StdoutWriter final : public RecordConsumer {
  public:
    explicit StdoutWriter(core::TopicNames topics, int fd = 1); // the descriptor stays the caller's

    Offer offer(const RecordView& record) override;
    std::size_t take_deliveries(std::span<Delivery> out) override; // writes what can be written, then answers

    // There is more than the reader took so far: besides the usual tick, pump when the descriptor becomes writable.
    bool wants_write() const { return sent_bytes_ < buffer_.size() && error_.empty(); }

    // Empty, or why writing failed for good.
    const std::string& error() const { return error_; }

  private:
    struct Line {
        Delivery record;
        std::uint64_t end = 0; // of its line, counted from the first byte ever
    };

    void write_some();
    bool write_chunk();

    core::TopicNames topics_;
    int fd_;
    std::size_t chunk_bytes_;
    std::string buffer_;
    std::size_t sent_bytes_ = 0;      // of the buffer
    std::uint64_t written_bytes_ = 0; // ever
    std::deque<Line> lines_;          // unanswered
    std::string error_;
};

} // namespace agent::forward
