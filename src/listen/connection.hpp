// One client's socket, TCP or unix: reads into the buffer that all connections share, feeds the conversation, writes
// its replies without ever waiting for a client that does not read. Lives in shared pointers held by its own
// coroutines and its owner. One thread (that of the socket's executor).
#pragma once

#include "core/limits.hpp"
#include "listen/conversation.hpp"
#include "listen/gather_tick.hpp"
#include "listen/unfinished_lines.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

namespace agent::listen {

using Socket = boost::asio::generic::stream_protocol::socket;

class Connection;

// What connections of one thread share.
struct ConnectionShared {
    ConnectionShared(const boost::asio::any_io_executor& executor, const Surroundings& surroundings,
                     std::size_t read_size)
        : around(surroundings),
          tick(executor),
          buffer(core::limits::max_line_bytes + read_size),
          unfinished(surroundings.stats),
          read_bytes(read_size) {}

    Surroundings around;
    GatherTick tick;
    std::vector<char> buffer; // room for what is left of a line, then for a read
    UnfinishedLines unfinished;
    std::size_t read_bytes;                         // at a time
    std::vector<std::weak_ptr<Connection>> waiting; // for the journal, to answer a `sync`
};

class Connection final : public std::enable_shared_from_this<Connection>, private ReplySender {
  public:
    // Told of every read, and of the end (perhaps twice).
    struct Owner {
        virtual ~Owner() = default;
        virtual void was_active(Connection& connection) = 0;
        virtual void has_ended(Connection& connection) = 0;
    };

    // Owner and shared outlive the connection's coroutines.
    Connection(Socket socket, ConnectionShared& shared, Owner& owner);

    void start();

    // Reads what the kernel holds already, sends what can be sent at once, and ends.
    void stop();

    // Ends now.
    void abort();

    // The journal has got further. True while there is still a `sync` to be answered.
    bool settle();

    std::int64_t last_active_ms() const { return last_active_ms_; }

  private:
    enum class Read : unsigned char { much, little, nothing, end };

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> read_until_end();
    boost::asio::awaitable<void> finish();
    boost::asio::awaitable<void> write_replies();
    bool sends_much() const { return recent_bytes_ >= core::limits::late_read_bytes; }
    Read read_once();
    void take_in(std::size_t size_bytes);
    void drain();
    void send_replies() override;
    void wait_for_journal();
    void watch_silence();

    Socket socket_;
    ConnectionShared& shared_;
    Owner& owner_;
    Conversation conversation_;
    UnfinishedLine rest_;                                      // of the last read
    std::unique_ptr<boost::asio::steady_timer> silence_timer_; // only once there was something to hold back
    std::int64_t last_active_ms_ = 0;
    std::size_t recent_bytes_ = 0; // of the last read, half of the one before, a quarter of the one before that, ...
    bool is_writing_ = false;
    bool is_waiting_ = false; // in the list of those that wait for the journal
    bool is_stopping_ = false;
    bool is_broken_ = false;
};

} // namespace agent::listen
