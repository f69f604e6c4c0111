// Records as JSON lines on a file descriptor, instead of Kafka:
//   {"topic":"mabs","key":"m{a=1}","headers":{"run":"...","seq":"1"},"value":{...}}
//   {"topic":"logs","key":null,"headers":{"src":"..."},"value":"a line; each byte that is no UTF-8 became U+FFFD"}
// Never blocks on a pipe: what a slow reader does not take stays in a bounded buffer, and when that is full offers are
// answered `full`. A record is delivered when all of its line was written. When the reader is gone or the disk is full
// nothing more is accepted, unanswered records come back as Fate::retry, and error() says why; with SIGPIPE ignored.
#pragma once

#include "core/topic.hpp"
#include "forward/log_consumer.hpp"
#include "forward/record_consumer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace agent::forward {

class StdoutWriter final : public RecordConsumer, public LogConsumer {
  public:
    // The descriptor stays the caller's.
    explicit StdoutWriter(core::TopicNames topics, std::vector<std::string> log_topics = {}, int fd = 1);

    Offer offer(const RecordView& record) override;
    std::size_t take_deliveries(std::span<Delivery> out) override; // writes what can be written, then answers

    std::size_t offer_log(const LogBatch& batch) override;
    void take_log_answers(std::vector<LogAnswer>& out) override; // likewise

    // There is more than the reader took so far: besides the usual tick, pump when the descriptor becomes writable.
    bool wants_write() const { return sent_bytes_ < buffer_.size() && error_.empty(); }

    // Empty, or why writing failed for good.
    const std::string& error() const { return error_; }

  private:
    // Of a record that is not answered yet.
    template <typename Record>
    struct Line {
        Record record;
        std::uint64_t end = 0; // counted from the first byte ever
    };

    bool is_full() const;
    std::uint64_t end() const { return written_bytes_ + buffer_.size() - sent_bytes_; }
    template <typename Record>
    std::optional<Fate> fate_of_first(const std::deque<Line<Record>>& lines) const;
    void append(const LogBatch& batch, const LogRecord& record);
    void write_some();
    bool write_chunk();

    core::TopicNames topics_;
    std::vector<std::string> log_topics_;
    int fd_;
    std::size_t chunk_bytes_;
    std::string buffer_;
    std::size_t sent_bytes_ = 0;      // of the buffer
    std::uint64_t written_bytes_ = 0; // ever
    std::deque<Line<Delivery>> lines_;
    std::deque<Line<std::uint64_t>> log_lines_; // their tickets
    std::string error_;
};

} // namespace agent::forward
