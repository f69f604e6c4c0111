#include "app/daemon.hpp"

#include "app/exit_code.hpp"
#include "core/limits.hpp"

#include <chrono>
#include <csignal>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

namespace agent::app {

namespace asio = boost::asio;
namespace limits = core::limits;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::int64_t tick_ms = 20;        // journal tick: how long a finished record waits at the most
constexpr std::int64_t idle_beat_ms = 1000; // when there is nothing to send
constexpr int last_pumps = 256;             // to hear of all that was in flight: 64 MiB of small records

observe::Level level_of(forward::EventLevel level) {
    return static_cast<observe::Level>(level);
}

static_assert(static_cast<int>(forward::EventLevel::error) == static_cast<int>(observe::Level::error) &&
              static_cast<int>(forward::EventLevel::debug) == static_cast<int>(observe::Level::debug));

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text.append(text.empty() ? "" : ",").append(word);
    }
    return text;
}

} // namespace

Daemon::Daemon(asio::io_context& io, const Rooms& rooms, std::int64_t flush_interval_ms)
    : io_(io), rooms_(rooms), flush_interval_ms_(flush_interval_ms), signals_(rooms.signals), events_(io) {}

int Daemon::run() {
    const auto start = [this](asio::awaitable<void> part) { asio::co_spawn(io_, std::move(part), asio::detached); };
    rooms_.journal.on_change([this] { rooms_.store.ring(); },
                             [this] { asio::post(io_, [this] { journal_has_got_further(); }); });
    rooms_.journal.on_progress([this] { journal_has_got_further(); });
    start(watch_signals());
    start(beat());
    start(flush_regularly());
    start(report_regularly());
    if (rooms_.output.event_fd() >= 0) {
        events_.assign(dup(rooms_.output.event_fd())); // ours to close
        start(watch_output());
    }
    rooms_.listener.start();
    rooms_.logs.start();
    pump(); // what the client had to say before anybody watched it
    rooms_.log.announce("ready listen=" + join(rooms_.listener.bound()) + " brokers=" + rooms_.output.brokers());
    io_.run();
    return exit_code_;
}

asio::awaitable<void> Daemon::pause(std::int64_t duration_ms) {
    asio::steady_timer timer(io_, std::chrono::milliseconds(duration_ms));
    co_await timer.async_wait(as_values);
}

asio::awaitable<void> Daemon::beat() {
    asio::steady_timer timer(io_);
    for (;;) {
        if (!has_work()) { // until a record comes in
            timer.expires_after(std::chrono::milliseconds(idle_beat_ms));
            rooms_.store.answer_next([&timer] { timer.cancel(); });
            co_await timer.async_wait(as_values);
        }
        timer.expires_after(std::chrono::milliseconds(tick_ms));
        co_await timer.async_wait(as_values);
        rooms_.journal.beat();
        rooms_.listener.settle();
        log_journal();
        pump();
        if (rooms_.journal.wants_flush()) {
            begin_flush();
        }
        drive_aggregator(); // goes on where the journal was full
        if (const auto failure = rooms_.output.failure(); !failure.empty() && !is_ending_) {
            rooms_.log.error(failure);
            begin_end(exit_failure);
        }
    }
}

asio::awaitable<void> Daemon::flush_regularly() {
    asio::steady_timer timer(io_);
    auto next = std::chrono::steady_clock::now();
    for (;;) {
        next = std::max(next + std::chrono::milliseconds(flush_interval_ms_), std::chrono::steady_clock::now());
        timer.expires_at(next);
        co_await timer.async_wait(as_values);
        if (!is_ending_) {
            begin_flush();
        }
    }
}

asio::awaitable<void> Daemon::report_regularly() {
    for (;;) {
        co_await pause(limits::agent_record_interval_ms);
        send_agent_record();
    }
}

asio::awaitable<void> Daemon::watch_output() {
    for (;;) {
        const auto [stopped] = co_await events_.async_wait(asio::posix::stream_descriptor::wait_read, as_values);
        if (stopped) {
            co_return;
        }
        pump();
    }
}

asio::awaitable<void> Daemon::watch_signals() {
    const auto [failed, signal] = co_await signals_.async_wait(as_values);
    if (failed) {
        co_return;
    }
    rooms_.log.info(std::string("stopping on ") + (signal == SIGINT ? "SIGINT" : "SIGTERM") +
                    ": taking in what has been received, then delivering it; again to leave at once");
    begin_end(exit_ok);
    const auto [failed_again, signal_again] = co_await signals_.async_wait(as_values);
    if (!failed_again) {
        rooms_.log.warning("second signal: leaving at once");
        say_what_is_left();
        exit_code_ = exit_failure;
        io_.stop();
    }
}

bool Daemon::has_work() const {
    return !rooms_.outbox.empty() || rooms_.aggregator.is_flushing() || rooms_.journal.has_work();
}

void Daemon::pump() {
    rooms_.watch.handler_begins();
    const auto answer = rooms_.feeder.pump();
    rooms_.logs.pump();
    log_events(); // whoever pumps: pumping makes the descriptor unreadable again
    if (answer == journal::Pump::more && !is_pump_posted_) {
        is_pump_posted_ = true;
        asio::post(io_, [this] {
            is_pump_posted_ = false;
            pump();
        });
    }
}

void Daemon::pump_all() {
    for (int i = 0; i < last_pumps && rooms_.feeder.pump() == journal::Pump::more; ++i) {
    }
    rooms_.logs.pump();
    log_events();
}

void Daemon::journal_has_got_further() {
    rooms_.watch.handler_begins();
    if (rooms_.journal.is_awaited()) {
        rooms_.journal.tick();
    }
    rooms_.listener.settle();
    pump();
}

void Daemon::begin_flush(bool is_last) {
    rooms_.journal.begin_flush(is_last);
    drive_aggregator();
}

void Daemon::drive_aggregator() {
    rooms_.watch.handler_begins();
    if (is_work_posted_) {
        return;
    }
    if (rooms_.aggregator.work() == aggregate::Work::more) {
        is_work_posted_ = true;
        asio::post(io_, [this] {
            is_work_posted_ = false;
            drive_aggregator();
        });
    } else {
        rooms_.journal.end_flush();
    }
}

void Daemon::log_journal() {
    rooms_.state.log_damage(rooms_.log);
    const auto* const journal = rooms_.journal.journal();
    if (journal == nullptr || journal->is_failing() == was_failing_) {
        return;
    }
    was_failing_ = journal->is_failing();
    if (was_failing_) {
        rooms_.log.error("the state directory fails: " + journal->stats().last_failure +
                         "; going on in memory, nothing is durable until it works again (tried each second)");
    } else {
        rooms_.log.warning("the state directory works again");
    }
}

void Daemon::log_events() {
    for (const auto& event : rooms_.output.take_events()) {
        rooms_.log.write(level_of(event.level), event.text);
    }
}

void Daemon::send_agent_record() {
    rooms_.store.append(core::Topic::agent, rooms_.status.host(), rooms_.status.agent_record(), 0,
                        rooms_.clock.unix_ms(), {});
}

} // namespace agent::app
