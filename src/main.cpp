// metrics-agent: lines come in on the left, Kafka is on the right. The rooms are built right to left, joined, and run.

#include "aggregate/aggregator.hpp"
#include "app/command_line.hpp"
#include "app/daemon.hpp"
#include "app/doorbell.hpp"
#include "app/exit_code.hpp"
#include "app/journal_driver.hpp"
#include "app/log_shipper.hpp"
#include "app/loop_meter.hpp"
#include "app/output.hpp"
#include "app/process.hpp"
#include "app/state_directory.hpp"
#include "app/status.hpp"
#include "app/tail_daemon.hpp"
#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "core/run_id.hpp"
#include "journal/feeder.hpp"
#include "journal/outbox.hpp"
#include "listen/listener.hpp"
#include "observe/log.hpp"

#include <csignal>
#include <cstdlib>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace {

using namespace agent;

int run(const app::RunOptions& options) {
    const core::SystemClock clock;
    observe::Log log(options.log_level, clock, app::is_under_systemd());
    app::raise_descriptor_limit();
    core::Ledger ledger;
    listen::ListenStats listen_stats;
    const auto run_id = core::make_run_id();

    boost::asio::io_context io(1);
    app::LoopMeter meter(io);
    boost::asio::signal_set signals(io, SIGTERM, SIGINT);

    journal::Outbox outbox(run_id, ledger); // outlives the Kafka client, which reads its memory
    auto output = app::Output::open(options.output, options, app::topics_of(options.logs), clock);
    if (!output) {
        log.error(output.error());
        return app::exit_usage;
    }
    journal::Feeder feeder(outbox, (*output)->consumer(), ledger);
    app::Doorbell store(outbox);
    app::StateDirectory state(io, options, outbox, clock);
    if (const auto opened = state.open(); !opened) {
        log.error(opened.error());
        return app::exit_failure;
    }
    aggregate::Aggregator aggregator(app::aggregator_options(options), clock, store, ledger, state.deltas());
    app::JournalDriver journal(aggregator, state.journal(), clock);
    state.replay(aggregator, journal, log);
    app::LogShipper logs(
        io, {.streams = options.logs, .directory = options.state_dir.empty() ? "" : options.state_dir + "/tail"},
        (*output)->log_consumer(), clock, log);
    if (const auto opened = logs.open(); !opened) {
        log.error(opened.error());
        return app::exit_failure;
    }
    const app::Status status(
        {clock, ledger, aggregator, journal, outbox, feeder, **output, listen_stats, meter.histogram(), logs},
        options.host, run_id);

    const auto batch = std::make_unique<listen::Batch>();
    listen::Listener listener(io.get_executor(), {journal, status, journal, clock, ledger, listen_stats, *batch, meter},
                              options.listen);
    if (const auto opened = listener.open(); !opened) {
        log.error(opened.error());
        return app::exit_failure;
    }
    const auto exit_code = app::Daemon(io,
                                       {listener, aggregator, store, journal, state, outbox, feeder, **output, status,
                                        logs, clock, ledger, log, signals, meter},
                                       options.flush_interval_ms)
                               .run();
    if (!(*output)->close() || !state.is_quiet() || logs.is_blocked()) {
        std::_Exit(exit_code); // threads of librdkafka or of a disk that hangs may still read what would go now
    }
    return exit_code;
}

} // namespace

int main(int argc, char** argv) {
    app::prepare_process();
    return app::dispatch(argc, argv, run, app::tail);
}
