// The records of one stream on their way to the consumer, and what the answers mean for their files: a file is
// acknowledged up to where no byte before is missing. A batch that came back is sent again from memory, as a whole. One
// thread; nothing blocks.
#pragma once

#include "core/clock.hpp"
#include "forward/log_consumer.hpp"
#include "tail/buffer.hpp"
#include "tail/stream_options.hpp"
#include "tail/stream_stats.hpp"
#include "tail/tailed_file.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace agent::tail {

class Sender {
  public:
    struct Options {
        forward::LogTopic topic = 0;
        RecordKey key = RecordKey::none;
        std::size_t max_records = 0; // added and not yet acknowledged
    };

    // All outlive it.
    Sender(Options options, forward::LogConsumer& consumer, BufferPool& buffers, const core::Clock& clock,
           StreamStats& stats)
        : options_(options), consumer_(consumer), buffers_(buffers), clock_(clock), stats_(stats) {}

    // To be sent behind those before. The batch's file has it now.
    void add(std::unique_ptr<Batch> batch);

    // As many as the consumer takes; false where it took none although there are some.
    bool send();

    // Of one of this sender's batches.
    void answer(Batch& batch, const forward::LogAnswer& answer);

    bool has_room() const { return held_records_ < options_.max_records; }
    bool is_empty() const { return held_records_ == 0; }
    std::size_t unanswered() const { return unanswered_; } // with the consumer

    // Whether a file's acknowledged offset has changed since the last call.
    bool take_progress() { return std::exchange(has_progress_, false); }

  private:
    std::size_t offer(Batch& batch);
    void fail(Batch& batch);
    void send_again();
    void acknowledge(TailedFile& file);

    Options options_;
    forward::LogConsumer& consumer_;
    BufferPool& buffers_;
    const core::Clock& clock_;
    StreamStats& stats_;
    std::deque<Batch*> queue_;   // not wholly accepted
    std::vector<Batch*> failed_; // of which records came back
    std::size_t held_records_ = 0;
    std::size_t unanswered_ = 0;
    bool has_progress_ = false;
};

// Steady microseconds, for durations that are too short for the clock of the rooms.
std::int64_t steady_us();

} // namespace agent::tail
