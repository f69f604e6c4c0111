// A conversation and all it talks to, fed as its connection does it.
#pragma once

#include "core/ledger.hpp"
#include "listen/conversation.hpp"
#include "support/fake_agent_info.hpp"
#include "support/fake_clock.hpp"
#include "support/recording_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace agent::test {

// Of no interest to a conversation.
struct IdleWatch final : listen::LoopWatch {
    void handler_begins() override {}
    bool is_late() const override { return false; }
};

// Nothing is durable unless the test says so; what is pending becomes so when the test lets go.
struct FakeJournal final : listen::JournalGate {
    listen::Safety safety_now = listen::Safety::not_durable;
    std::uint64_t last_ticket = 0;
    std::uint64_t let_go = UINT64_MAX; // tickets up to it are known

    std::uint64_t ticket() override { return ++last_ticket; }
    listen::Safety safety(std::uint64_t ticket) const override {
        return ticket <= let_go ? safety_now : listen::Safety::pending;
    }
    bool is_behind() const override { return false; }
};

// What conversations share. The sink is the recording one unless the test brings its own.
struct TalkWorld {
    FakeClock clock;
    FakeAgentInfo info;
    FakeJournal journal;
    core::Ledger ledger;
    listen::ListenStats stats;
    listen::Batch batch;
    IdleWatch watch;
    RecordingSink sink{ledger};

    listen::Surroundings around(aggregate::SampleSink& own_sink) {
        return {own_sink, info, journal, clock, ledger, stats, batch, watch};
    }

    std::uint64_t rejected(core::RejectReason reason) const {
        return ledger.rejected_lines[static_cast<std::size_t>(reason)];
    }
};

class Talk {
  public:
    explicit Talk(TalkWorld& world, std::string peer = "127.0.0.1:40112") : Talk(world, world.sink, std::move(peer)) {}
    Talk(TalkWorld& world, aggregate::SampleSink& sink, std::string peer = "127.0.0.1:40112")
        : around_(world.around(sink)), conversation(around_, std::move(peer)) {}
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

  private:
    listen::Surroundings around_;
    std::string rest_;

  public:
    listen::Conversation conversation;

    void send(std::string_view bytes) {
        const std::string chunk = rest_ + std::string(bytes);
        conversation.receive(chunk, rest_.size());
        rest_ = conversation.rest();
    }

    // Sends and gives what came back.
    std::string ask(std::string_view bytes) {
        send(bytes);
        return take();
    }

    // As when the connection had to give up the line that has begun.
    void lose_rest() {
        conversation.lose_rest();
        rest_.clear();
    }

    // Half-closes and gives what came back.
    std::string end() {
        conversation.end_of_stream(rest_);
        rest_.clear();
        return take();
    }

    std::string silence() {
        conversation.silence();
        return take();
    }

    // Reads all replies.
    std::string take() {
        std::string text(conversation.replies().text());
        conversation.replies().clear();
        return text;
    }
};

} // namespace agent::test
