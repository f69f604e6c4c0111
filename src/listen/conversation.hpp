// What is said on one connection: bytes in, lines to the sink, replies out. No sockets and no timers: its owner feeds
// it and tells it of silence and of the stream's end. The same bytes give the same samples and the same replies however
// they are cut into chunks, but for stats. One thread.
//
// Error replies are held back until they can do no harm: a client that closes without having read them would lose what
// it sent (docs/protocol.md). They go out when the client has half-closed, before the answer to a command, or after
// silence on the connection of a person typing.
#pragma once

#include "aggregate/sample_sink.hpp"
#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "listen/agent_info.hpp"
#include "listen/journal_gate.hpp"
#include "listen/listen_stats.hpp"
#include "listen/loop_watch.hpp"
#include "listen/reply_buffer.hpp"
#include "mabs/line_splitter.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace agent::listen {

// The lines of a batch on their way to the sink. One serves all conversations of a thread.
struct Batch {
    std::array<aggregate::Entry, aggregate::max_batch> entries;
    std::array<std::uint64_t, aggregate::max_batch> numbers{}; // of the lines in their connection
    std::size_t size = 0;                                      // 0 between two calls
};

// What conversations share. Everything outlives them.
struct Surroundings {
    aggregate::SampleSink& sink;
    const AgentInfo& info;
    JournalGate& journal;
    const core::Clock& clock;
    core::Ledger& ledger;
    ListenStats& stats;
    Batch& batch;
    LoopWatch& watch;
};

// The port through which a conversation gets its replies on their way early, when they pile up within one chunk.
// listen owns it; a connection implements it.
class ReplySender {
  public:
    virtual ~ReplySender() = default;

    // Removes from replies() what can be sent at once.
    virtual void send_replies() = 0;
};

class Conversation {
  public:
    // `peer` names the sender for people. Without a sender replies wait for the owner alone.
    Conversation(const Surroundings& around, std::string peer, ReplySender* sender = nullptr);

    // Takes rest() of the call before, of `rest_bytes`, followed by new bytes. Afterwards rest() is what to put before
    // the next chunk; it points into this one.
    void receive(std::string_view chunk, std::size_t rest_bytes);
    std::string_view rest() const { return splitter_.rest(); }

    // The client will send nothing more. `rest`: what the last receive() left.
    void end_of_stream(std::string_view rest);

    // Nothing came for core::limits::typist_silence_ms. Of use only while wants_silence().
    void silence();
    bool wants_silence() const;

    // What rest() gave is lost: the line it begins is skipped up to its LF and rejected as overloaded.
    void lose_rest() { is_rest_lost_ = true; }

    // Replies not yet sent; the owner removes what it has sent.
    ReplyBuffer& replies() { return replies_; }

    // The client said quit: nothing it sends counts any more.
    bool is_over() const { return is_over_; }

    const std::string& peer() const { return peer_; }

  private:
    std::string_view skip_lost_line(std::string_view chunk);
    void push_lost_line();
    void push_error(std::string_view text, mabs::LineError error);
    void push(std::string_view text);
    void deliver_batch();
    void hold_error(std::uint64_t number, const aggregate::Entry& entry);
    void release_errors();
    void run_command(const mabs::Line& line);
    void answer_sync(std::string_view token);
    void reply(std::string_view text);
    bool has_room_for(std::size_t size_bytes);

    const Surroundings& around_;
    std::string peer_;
    ReplySender* sender_;
    mabs::LineSplitter splitter_;
    std::string held_; // error replies, whole lines
    ReplyBuffer replies_;
    std::uint64_t line_number_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t rejected_ = 0;
    std::uint32_t held_count_ = 0;
    std::uint64_t suppressed_ = 0;
    bool has_put_ = false;
    bool is_over_ = false;
    bool is_rest_lost_ = false;
    bool is_stalled_ = false; // within this chunk replies could not be sent
};

} // namespace agent::listen
