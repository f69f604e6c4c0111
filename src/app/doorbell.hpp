// Stands before the outbox and rings when a record comes in while nobody is at work on the outbox: so the daemon beats
// only while there is something to send, and costs nothing while there is not. One thread.
#pragma once

#include "journal/record_store.hpp"

#include <functional>
#include <utility>

namespace agent::app {

class Doorbell final : public journal::RecordStore {
  public:
    explicit Doorbell(journal::RecordStore& store) : store_(store) {}

    // What to do at the next record. Called once, inside append(): do no work there.
    void answer_next(std::function<void()> answer) { answer_ = std::move(answer); }

    journal::Append append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                           std::int64_t sealed_ms, const journal::Origin& origin) override {
        ring();
        return store_.append(topic, key, value, lines, sealed_ms, origin);
    }

    // As a record does.
    void ring() {
        if (answer_) {
            std::exchange(answer_, nullptr)();
        }
    }

  private:
    journal::RecordStore& store_;
    std::function<void()> answer_;
};

} // namespace agent::app
