// A RecordConsumer that keeps what it was offered and answers when and what the test says.
#pragma once

#include "forward/record_consumer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace agent::test {

struct SeenRecord {
    core::Topic topic = core::Topic::mabs;
    std::uint64_t position = 0;
    std::string run;
    std::uint64_t seq = 0;
    std::string key;
    std::string value;
    std::int64_t sealed_ms = 0;
    const char* value_address = nullptr; // nobody may move the bytes before the answer
};

class RecordingConsumer final : public forward::RecordConsumer {
  public:
    std::vector<SeenRecord> seen; // everything accepted, oldest first, retries again
    std::vector<SeenRecord> open; // accepted and not answered
    std::array<bool, core::topic_count> topic_full{};
    std::size_t room = SIZE_MAX; // how many more are accepted before `full`

    forward::Offer offer(const forward::RecordView& record) override {
        if (room == 0) {
            return forward::Offer::full;
        }
        if (topic_full[core::index(record.topic)]) {
            return forward::Offer::topic_full;
        }
        --room;
        SeenRecord copy{.topic = record.topic,
                        .position = record.position,
                        .run = std::string(record.run),
                        .seq = record.seq,
                        .key = std::string(record.key),
                        .value = std::string(record.value),
                        .sealed_ms = record.sealed_ms,
                        .value_address = record.value.data()};
        seen.push_back(copy);
        open.push_back(std::move(copy));
        return forward::Offer::accepted;
    }

    std::size_t take_deliveries(std::span<forward::Delivery> out) override {
        const std::size_t count = std::min(out.size(), answers_.size());
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = answers_.front();
            answers_.pop_front();
        }
        return count;
    }

    void answer(core::Topic topic, std::uint64_t position, forward::Fate fate) {
        std::erase_if(open, [&](const SeenRecord& r) { return r.topic == topic && r.position == position; });
        answers_.push_back({.topic = topic, .position = position, .fate = fate});
    }

    void answer_all(forward::Fate fate) {
        for (const SeenRecord& record : open) {
            answers_.push_back({.topic = record.topic, .position = record.position, .fate = fate});
        }
        open.clear();
    }

    std::vector<std::uint64_t> positions(core::Topic topic) const {
        std::vector<std::uint64_t> list;
        for (const SeenRecord& record : seen) {
            if (record.topic == topic) {
                list.push_back(record.position);
            }
        }
        return list;
    }

  private:
    std::deque<forward::Delivery> answers_;
};

} // namespace agent::test
