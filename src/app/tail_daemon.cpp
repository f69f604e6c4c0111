#include "app/tail_daemon.hpp"

#include "app/exit_code.hpp"
#include "app/locked_directory.hpp"
#include "app/log_shipper.hpp"
#include "app/output.hpp"
#include "app/process.hpp"
#include "app/shipping_progress.hpp"
#include "app/version.hpp"
#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "core/limits.hpp"
#include "core/run_id.hpp"
#include "journal/feeder.hpp"
#include "journal/outbox.hpp"
#include "observe/log.hpp"
#include "observe/snapshot.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

namespace agent::app {

namespace asio = boost::asio;
namespace limits = core::limits;
using asio::posix::stream_descriptor;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::int64_t pump_ms = 50;
constexpr std::int64_t progress_ms = 500;
constexpr std::int64_t done_ms = 5; // how often it is looked whether all is found, or shipped

class TailDaemon {
  public:
    TailDaemon(const TailOptions& options, asio::io_context& io, asio::signal_set& signals, Output& output,
               LogShipper& shipper, const core::Clock& clock, observe::Log& log)
        : options_(options),
          io_(io),
          signals_(signals),
          output_(output),
          shipper_(shipper),
          clock_(clock),
          log_(log),
          run_(core::make_run_id()),
          start_unix_ms_(clock.unix_ms()),
          start_steady_ms_(clock.steady_ms()),
          outbox_(run_, ledger_),
          feeder_(outbox_, output.consumer(), ledger_),
          events_(io) {}

    int run() {
        const auto start = [this](asio::awaitable<void> part) { asio::co_spawn(io_, std::move(part), asio::detached); };
        start(watch_signals());
        events_.assign(dup(output_.event_fd())); // ours to close
        start(watch_output());
        start(pump_regularly());
        shipper_.start();
        if (options_.once) {
            start(ship_once());
        } else {
            start(report_regularly());
            start(say_ready());
        }
        io_.run();
        return exit_code_;
    }

  private:
    asio::awaitable<void> pause(std::int64_t duration_ms) {
        asio::steady_timer timer(io_, std::chrono::milliseconds(duration_ms));
        co_await timer.async_wait(as_values);
    }

    void pump() {
        feeder_.pump();
        shipper_.pump();
        for (const auto& event : output_.take_events()) {
            log_.write(static_cast<observe::Level>(event.level), event.text);
        }
    }

    asio::awaitable<void> watch_output() {
        for (;;) {
            const auto [stopped] = co_await events_.async_wait(stream_descriptor::wait_read, as_values);
            if (stopped) {
                co_return;
            }
            pump();
        }
    }

    asio::awaitable<void> pump_regularly() {
        for (;;) {
            co_await pause(pump_ms);
            pump();
        }
    }

    asio::awaitable<void> report_regularly() {
        for (;;) {
            co_await pause(limits::agent_record_interval_ms);
            send_agent_record();
        }
    }

    asio::awaitable<void> say_ready() {
        while (!shipper_.is_ready()) {
            co_await pause(done_ms);
        }
        log_.announce("ready logs=1 brokers=" + output_.brokers());
    }

    asio::awaitable<void> watch_signals() {
        const auto [failed, signal] = co_await signals_.async_wait(as_values);
        if (failed) {
            co_return;
        }
        if (options_.once) {
            clear_progress();
            const auto now = shipped();
            log_.error("interrupted: " + std::to_string(now.acked_bytes) + " of " + std::to_string(now.known_bytes) +
                       " bytes are acknowledged");
            io_.stop();
            exit_code_ = exit_failure;
            co_return;
        }
        log_.info(std::string("stopping on ") + (signal == SIGINT ? "SIGINT" : "SIGTERM"));
        asio::co_spawn(io_, shut_down(), asio::detached);
        const auto [failed_again, signal_again] = co_await signals_.async_wait(as_values);
        if (!failed_again) {
            exit_code_ = exit_failure;
            io_.stop();
        }
    }

    // What is with Kafka has a second to be acknowledged: it need not be sent again by the next start.
    asio::awaitable<void> shut_down() {
        shipper_.begin_close();
        send_agent_record();
        const auto deadline = clock_.steady_ms() + limits::kept_shutdown_timeout_ms;
        while ((shipper_.has_unanswered() || !outbox_.empty()) && clock_.steady_ms() < deadline) {
            pump();
            co_await pause(1);
        }
        output_.stop();
        co_await close();
        const auto now = shipped();
        log_.info("stopped: " + std::to_string(now.acked_bytes) + " bytes in " + std::to_string(now.acked_records) +
                  " records acknowledged");
        io_.stop();
    }

    asio::awaitable<void> close() {
        shipper_.begin_close();
        const auto deadline = clock_.steady_ms() + limits::journal_close_ms;
        while (!shipper_.is_closed() && clock_.steady_ms() < deadline) {
            pump();
            co_await pause(1);
        }
    }

    asio::awaitable<void> ship_once() {
        std::int64_t next_ms = clock_.steady_ms() + progress_ms;
        while (!shipper_.is_done()) {
            co_await pause(done_ms);
            if (clock_.steady_ms() >= next_ms) {
                next_ms = clock_.steady_ms() + progress_ms;
                show_progress();
            }
        }
        co_await close();
        clear_progress();
        const bool has_failed = shipper_.has_failed();
        const auto reports = shipper_.report(0);
        for (const auto& skipped : reports.front().skipped) {
            log_.error(std::to_string(skipped.bytes) + " bytes skipped: " + std::string(skipped.reason));
        }
        exit_code_ = has_failed || !reports.front().skipped.empty() ? exit_failure : exit_ok;
        log_.info("shipped " + summary_line(shipped()));
        io_.stop();
    }

    Shipped shipped() const {
        const auto reports = shipper_.report(0);
        const auto& one = reports.front();
        return {.files = one.files,
                .known_bytes = one.known_bytes,
                .acked_bytes = one.acked_bytes,
                .acked_records = one.acked_records,
                .elapsed_ms = clock_.steady_ms() - start_steady_ms_};
    }

    void show_progress() const {
        if (has_terminal_) {
            std::fprintf(stderr, "\r\033[K%s", progress_line(shipped()).c_str());
        }
    }

    void clear_progress() const {
        if (has_terminal_) {
            std::fputs("\r\033[K", stderr);
        }
    }

    void send_agent_record() {
        observe::Snapshot snapshot;
        snapshot.version = version;
        snapshot.host = options_.host;
        snapshot.run = run_;
        snapshot.start_unix_ms = start_unix_ms_;
        snapshot.uptime_ms = clock_.steady_ms() - start_steady_ms_;
        snapshot.logs = shipper_.report(limits::reported_log_files);
        outbox_.append(core::Topic::agent, options_.host, observe::agent_record(snapshot), 0, clock_.unix_ms(), {});
        pump();
    }

    const TailOptions& options_;
    asio::io_context& io_;
    asio::signal_set& signals_;
    Output& output_;
    LogShipper& shipper_;
    const core::Clock& clock_;
    observe::Log& log_;
    std::string run_;
    std::int64_t start_unix_ms_;
    std::int64_t start_steady_ms_;
    core::Ledger ledger_;
    journal::Outbox outbox_; // of the agent's own records
    journal::Feeder feeder_;
    stream_descriptor events_;
    bool has_terminal_ = isatty(STDERR_FILENO) == 1;
    int exit_code_ = exit_ok;
};

} // namespace

int tail(const TailOptions& options) {
    const core::SystemClock clock;
    observe::Log log(options.log_level, clock, is_under_systemd());
    raise_descriptor_limit();
    asio::io_context io(1);
    asio::signal_set signals(io, SIGTERM, SIGINT);

    LockedDirectory state;
    if (!options.state_dir.empty()) {
        if (const auto locked = state.lock(options.state_dir); !locked) {
            log.error(locked.error());
            return exit_failure;
        }
    }
    auto shared = static_cast<const SharedOptions&>(options);
    for (const auto topic : core::all_topics) { // only the agent's own, and that not for one shipment
        if (topic != core::Topic::agent || options.once) {
            shared.topics[core::index(topic)].clear();
        }
    }
    auto output = Output::open(OutputKind::kafka, shared, {options.stream.topic}, clock);
    if (!output) {
        log.error(output.error());
        return exit_usage;
    }
    LogShipper shipper(
        io,
        {.streams = {options.stream}, .directory = options.state_dir, .is_once = options.once, .files = options.files},
        (*output)->log_consumer(), clock, log);
    if (const auto opened = shipper.open(); !opened) {
        log.error(opened.error());
        return exit_failure;
    }
    TailDaemon daemon(options, io, signals, **output, shipper, clock, log);
    const auto exit_code = daemon.run();
    if (!(*output)->close() || shipper.is_blocked()) {
        std::_Exit(exit_code); // threads of librdkafka or of a disk that hangs may still read what would go now
    }
    return exit_code;
}

} // namespace agent::app
