#include "listen/connection.hpp"

#include "listen/address.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace agent::listen {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// What a stopping connection reads at the most, more than the kernel holds: a client that never pauses must not hold up
// the end.
constexpr std::size_t max_drain_bytes = 16 << 20;

} // namespace

Connection::Connection(Socket socket, ConnectionShared& shared, Owner& owner)
    : socket_(std::move(socket)),
      shared_(shared),
      owner_(owner),
      conversation_(shared.around, peer_name(socket_.native_handle()), this),
      rest_(shared.unfinished) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    last_active_ms_ = shared_.around.clock.steady_ms();
}

void Connection::start() {
    asio::co_spawn(socket_.get_executor(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void Connection::stop() {
    is_stopping_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::abort() {
    is_stopping_ = true;
    is_broken_ = true;
    error_code ignored;
    socket_.close(ignored);
}

asio::awaitable<void> Connection::run() {
    co_await read_until_end();
    co_await finish();
    silence_timer_.reset();
    error_code ignored;
    socket_.close(ignored);
    owner_.has_ended(*this);
}

asio::awaitable<void> Connection::read_until_end() {
    while (!is_stopping_) {
        const auto [failed] = co_await socket_.async_wait(Socket::wait_read, as_values);
        if (is_stopping_ || failed) {
            break;
        }
        for (auto read = Read::much; read != Read::nothing && !is_stopping_;) {
            // Who sends but little goes first.
            while (sends_much() && shared_.around.watch.is_late() && !is_stopping_) {
                co_await asio::post(socket_.get_executor(), as_values);
            }
            if (is_stopping_) {
                break;
            }
            while (shared_.around.journal.is_behind() && !is_stopping_) {
                co_await shared_.tick.next();
            }
            read = read_once();
            if (read == Read::end || conversation_.is_over()) {
                co_return;
            }
            if (read == Read::little) { // a client that writes line by line: let some of them gather
                co_await shared_.tick.next();
            } else if (read == Read::much) { // let the others have their turn
                co_await asio::post(socket_.get_executor(), as_values);
            }
        }
    }
    drain();
}

Connection::Read Connection::read_once() {
    shared_.around.watch.handler_begins();
    if (rest_.take_given_up()) {
        conversation_.lose_rest();
    }
    // Behind the rest's place in the buffer; the rest itself follows once its LF is there.
    const bool is_hurried = shared_.around.watch.is_late() && !is_stopping_; // there is no later for who is stopping
    const auto most = is_hurried ? std::min(core::limits::late_read_bytes, shared_.read_bytes) : shared_.read_bytes;
    const auto room = asio::buffer(shared_.buffer.data() + rest_.text().size(), most);
    error_code failed;
    const auto size = socket_.read_some(room, failed);
    if (failed == asio::error::would_block || failed == asio::error::interrupted) {
        return Read::nothing;
    }
    if (failed) { // the end of the stream, or a reset: what came before it counts all the same
        conversation_.end_of_stream(rest_.text());
        is_broken_ = failed != asio::error::eof;
        return Read::end;
    }
    recent_bytes_ = recent_bytes_ / 2 + size;
    shared_.around.stats.received_bytes += size;
    take_in(size);
    last_active_ms_ = shared_.around.clock.steady_ms();
    owner_.was_active(*this);
    send_replies();
    wait_for_journal();
    watch_silence();
    return size >= std::min(most, core::limits::small_read_bytes) ? Read::much : Read::little;
}

// Of the shared buffer, behind the place of the rest.
void Connection::take_in(std::size_t size_bytes) {
    const auto rest = rest_.text();
    auto* const begin = shared_.buffer.data();
    const std::string_view chunk(begin, rest.size() + size_bytes);
    const auto fresh = chunk.substr(rest.size());
    if (!rest.empty() && chunk.size() <= core::limits::max_line_bytes && fresh.find('\n') == std::string_view::npos) {
        rest_.append(fresh); // a line that comes in small pieces: copy each only once
        return;
    }
    std::memcpy(begin, rest.data(), rest.size());
    conversation_.receive(chunk, rest.size());
    rest_.assign(conversation_.rest());
}

void Connection::drain() {
    const auto& received_bytes = shared_.around.stats.received_bytes;
    for (const auto end = received_bytes + max_drain_bytes; !is_broken_ && received_bytes < end;) {
        const auto read = read_once();
        if (read == Read::nothing || read == Read::end || conversation_.is_over()) {
            return;
        }
    }
}

// Gets the last replies out to a client that reads, and takes in what a client still writes after `quit`: closing with
// unread bytes would reset the connection and throw those replies away.
asio::awaitable<void> Connection::finish() {
    wait_for_journal();
    while (conversation_.replies().is_waiting() && !is_broken_) { // the journal answers, or gives up
        co_await shared_.tick.next();
    }
    if (is_broken_) {
        co_return;
    }
    send_replies();
    auto deadline = asio::steady_timer(socket_.get_executor());
    deadline.expires_after(std::chrono::milliseconds(core::limits::close_grace_ms));
    deadline.async_wait([self = shared_from_this()](error_code aborted) {
        if (!aborted) {
            self->abort();
        }
    });
    while (is_writing_ && !is_broken_ && !is_stopping_) {
        co_await shared_.tick.next();
    }
    error_code failed;
    socket_.shutdown(Socket::shutdown_send, failed);
    while (conversation_.is_over() && !failed && !is_stopping_) {
        static_cast<void>(socket_.read_some(asio::buffer(shared_.buffer), failed));
        if (failed == asio::error::would_block) {
            const auto [stopped] = co_await socket_.async_wait(Socket::wait_read, as_values);
            failed = stopped;
        } else if (!failed) { // let the others, and the deadline, have their turn
            co_await asio::post(socket_.get_executor(), as_values);
        }
    }
}

void Connection::send_replies() {
    auto& replies = conversation_.replies();
    if (replies.text().empty() || is_broken_) {
        return;
    }
    error_code failed;
    const auto size = socket_.write_some(asio::buffer(replies.text()), failed);
    if (failed && failed != asio::error::would_block) {
        replies.clear(); // the client is gone or reads nothing any more; its lines still count
        return;
    }
    replies.remove_front(failed ? 0 : size);
    if (!replies.text().empty() && !is_writing_) {
        is_writing_ = true;
        asio::co_spawn(
            socket_.get_executor(), [self = shared_from_this()] { return self->write_replies(); }, asio::detached);
    }
}

asio::awaitable<void> Connection::write_replies() {
    auto& replies = conversation_.replies();
    while (!replies.text().empty() && !is_stopping_) {
        const auto [stopped] = co_await socket_.async_wait(Socket::wait_write, as_values);
        if (stopped) {
            break;
        }
        error_code failed;
        const auto size = socket_.write_some(asio::buffer(replies.text()), failed);
        if (failed && failed != asio::error::would_block) {
            replies.clear();
            break;
        }
        replies.remove_front(failed ? 0 : size);
    }
    is_writing_ = false;
}

void Connection::wait_for_journal() {
    if (conversation_.replies().is_waiting() && !is_waiting_) {
        is_waiting_ = true;
        shared_.waiting.push_back(weak_from_this());
    }
}

bool Connection::settle() {
    conversation_.replies().settle(shared_.around.journal);
    send_replies();
    is_waiting_ = conversation_.replies().is_waiting() && !is_broken_;
    return is_waiting_;
}

void Connection::watch_silence() {
    if (!conversation_.wants_silence()) {
        return;
    }
    if (!silence_timer_) {
        silence_timer_ = std::make_unique<asio::steady_timer>(socket_.get_executor());
    }
    silence_timer_->expires_after(std::chrono::milliseconds(core::limits::typist_silence_ms)); // cancels the last wait
    silence_timer_->async_wait([weak = weak_from_this()](error_code cancelled) {
        const auto self = weak.lock();
        if (self && !cancelled && !self->is_stopping_) {
            self->conversation_.silence();
            self->send_replies();
        }
    });
}

} // namespace agent::listen
