// The life of `metrics-agent run`: one thread, one io_context. Beats (journal tick, flush, the agent's own record),
// readiness of the Kafka client, signals, and the orderly end. The rooms themselves know nothing of time and signals.
#pragma once

#include "aggregate/aggregator.hpp"
#include "app/doorbell.hpp"
#include "app/journal_driver.hpp"
#include "app/log_shipper.hpp"
#include "app/output.hpp"
#include "app/state_directory.hpp"
#include "app/status.hpp"
#include "core/ledger.hpp"
#include "journal/feeder.hpp"
#include "journal/outbox.hpp"
#include "listen/listener.hpp"
#include "observe/log.hpp"

#include <cstdint>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace agent::app {

// Everything outlives the daemon.
struct Rooms {
    listen::Listener& listener;
    aggregate::Aggregator& aggregator;
    Doorbell& store;
    JournalDriver& journal;
    StateDirectory& state;
    journal::Outbox& outbox;
    journal::Feeder& feeder;
    Output& output;
    const Status& status;
    LogShipper& logs;
    const core::Clock& clock;
    const core::Ledger& ledger;
    observe::Log& log;
    boost::asio::signal_set& signals; // SIGTERM and SIGINT, caught since before the output was opened
    listen::LoopWatch& watch;
};

class Daemon {
  public:
    Daemon(boost::asio::io_context& io, const Rooms& rooms, std::int64_t flush_interval_ms);

    // Runs until a signal or a failure ended it; returns the exit code. The listener is open already.
    int run();

  private:
    boost::asio::awaitable<void> beat();
    boost::asio::awaitable<void> flush_regularly();
    boost::asio::awaitable<void> report_regularly();
    boost::asio::awaitable<void> watch_output();
    boost::asio::awaitable<void> watch_signals();
    boost::asio::awaitable<void> shut_down();
    boost::asio::awaitable<void> deliver_until(std::int64_t deadline_ms);
    boost::asio::awaitable<void> finish_writing();
    boost::asio::awaitable<void> close_logs();
    boost::asio::awaitable<void> close_journal();
    boost::asio::awaitable<void> pause(std::int64_t duration_ms);

    bool has_work() const;
    std::uint64_t pending_lines() const;
    bool is_kept() const { return rooms_.journal.journal() != nullptr; }
    void pump();
    void pump_all();
    void journal_has_got_further();
    void begin_flush(bool is_last = false);
    void drive_aggregator();
    void log_journal();
    void log_events();
    void send_agent_record();
    void say_what_is_left();
    void begin_end(int exit_code);

    boost::asio::io_context& io_;
    Rooms rooms_;
    std::int64_t flush_interval_ms_;
    boost::asio::signal_set& signals_;
    boost::asio::posix::stream_descriptor events_;
    bool is_ending_ = false;
    bool is_pump_posted_ = false;
    bool is_work_posted_ = false;
    bool was_failing_ = false; // the journal's disk, when it was last looked at
    int exit_code_ = 0;
};

} // namespace agent::app
