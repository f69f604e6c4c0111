// The port between the tailer and whatever takes the records of log files: Kafka, standard output, a fake in tests.
// One thread; no call blocks.
//
// Records of log files have no place in the journal: the files are the buffer. What was accepted is answered exactly
// once by take_log_answers(), whatever becomes of the broker or of the client library; until then key and values must
// stay where they are, because nobody copies them. Only the headers are copied.
#pragma once

#include "forward/record_consumer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent::forward {

// Which topic of those that the consumer was opened with: its place in their list.
using LogTopic = std::uint8_t;

struct LogRecord {
    std::string_view value; // may be empty, never null; any bytes
    std::string_view src;   // the header: which bytes of which file (docs/tail.md)
};

// Records that were read together and are answered together.
struct LogBatch {
    LogTopic topic = 0;
    std::uint64_t ticket = 0; // below 2^48; handed back in the answers
    std::string_view key;     // data() null: no key, and the records are spread over the partitions
    std::span<const LogRecord> records;
};

// So many records of a ticket have the same fate. A ticket may be answered in several parts.
struct LogAnswer {
    std::uint64_t ticket = 0;
    std::uint32_t records = 0;
    Fate fate = Fate::delivered;

    friend bool operator==(const LogAnswer&, const LogAnswer&) = default;
};

class LogConsumer {
  public:
    virtual ~LogConsumer() = default;

    // Takes as many from the front as there is room for now and says how many; 0 also while the topic is parked and it
    // is not yet time to try it again. Ask again when answers have come, and besides every 20 to 50 ms.
    virtual std::size_t offer_log(const LogBatch& batch) = 0;

    // Appends what has been answered since the last call; in any order.
    virtual void take_log_answers(std::vector<LogAnswer>& out) = 0;
};

} // namespace agent::forward
