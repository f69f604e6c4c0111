// How a daemon ends: the part of Daemon that delivers, writes and says what is left.
#include "app/daemon.hpp"
#include "app/exit_code.hpp"
#include "app/farewell.hpp"
#include "core/limits.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace agent::app {

namespace asio = boost::asio;
namespace limits = core::limits;

namespace {

constexpr std::int64_t own_record_ms = 1000;      // the last of the agent's own records holds up the end no longer
constexpr std::int64_t connections_end_ms = 1500; // for open connections to take in what the kernel holds

} // namespace

void Daemon::begin_end(int exit_code) {
    if (!is_ending_) {
        is_ending_ = true;
        exit_code_ = exit_code;
        asio::co_spawn(io_, shut_down(), asio::detached);
    }
}

asio::awaitable<void> Daemon::shut_down() {
    const auto& clock = rooms_.clock;
    rooms_.listener.stop();
    rooms_.logs.begin_close();
    const auto connections_deadline = clock.steady_ms() + connections_end_ms;
    while (rooms_.listener.connection_count() != 0 && clock.steady_ms() < connections_deadline) {
        co_await pause(1);
    }
    rooms_.listener.abort();
    const auto deadline = clock.steady_ms() + limits::shutdown_timeout_ms;
    begin_flush(true);
    while (rooms_.aggregator.is_flushing() && clock.steady_ms() < deadline && rooms_.output.failure().empty()) {
        co_await pause(1);
    }
    send_agent_record();
    co_await finish_writing();
    co_await deliver_until(is_kept() ? clock.steady_ms() + limits::kept_shutdown_timeout_ms : deadline);
    rooms_.output.stop();
    pump_all();
    co_await close_logs();
    co_await close_journal();
    say_what_is_left();
    io_.stop();
}

// What is on disk now need not be delivered before the end.
asio::awaitable<void> Daemon::finish_writing() {
    const auto deadline = rooms_.clock.steady_ms() + limits::journal_close_ms;
    while (is_kept() && rooms_.journal.has_work() && !rooms_.journal.journal()->is_failing() &&
           rooms_.clock.steady_ms() < deadline) {
        rooms_.journal.beat();
        co_await pause(1);
    }
}

asio::awaitable<void> Daemon::close_logs() {
    const auto deadline = rooms_.clock.steady_ms() + limits::journal_close_ms;
    rooms_.logs.begin_close(); // what was acknowledged since it stopped reading
    while (!rooms_.logs.is_closed() && rooms_.clock.steady_ms() < deadline) {
        rooms_.logs.pump();
        co_await pause(1);
    }
}

asio::awaitable<void> Daemon::close_journal() {
    if (!is_kept()) {
        co_return;
    }
    auto& journal = *rooms_.journal.journal();
    const auto deadline = rooms_.clock.steady_ms() + limits::journal_close_ms;
    journal.begin_close();
    do {
        journal.beat();
        co_await pause(1);
    } while (!journal.is_closed() && !journal.is_failing() && rooms_.clock.steady_ms() < deadline);
}

asio::awaitable<void> Daemon::deliver_until(std::int64_t deadline_ms) {
    const auto own_deadline_ms = rooms_.clock.steady_ms() + own_record_ms;
    while ((!rooms_.outbox.empty() || rooms_.logs.has_unanswered()) && rooms_.output.failure().empty()) {
        if (rooms_.clock.steady_ms() >= (pending_lines() == 0 ? own_deadline_ms : deadline_ms)) {
            break;
        }
        pump();
        co_await pause(2);
    }
}

std::uint64_t Daemon::pending_lines() const {
    std::uint64_t lines = 0;
    for (const auto topic : core::all_topics) {
        lines += rooms_.ledger.of(topic).pending_lines();
    }
    return lines;
}

void Daemon::say_what_is_left() {
    pump_all();
    const bool is_safe = rooms_.journal.is_all_written();
    if (!say_farewell(rooms_.ledger, is_safe, rooms_.log)) {
        exit_code_ = exit_failure;
    }
}

} // namespace agent::app
