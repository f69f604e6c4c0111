#include "app/status.hpp"

#include "app/version.hpp"
#include "core/limits.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace agent::app {

Status::Status(const StatusSources& sources, std::string host, std::string run)
    : sources_(sources),
      host_(std::move(host)),
      run_(std::move(run)),
      start_unix_ms_(sources.clock.unix_ms()),
      start_steady_ms_(sources.clock.steady_ms()) {}

std::string Status::version_line() const {
    return "metrics-agent " + std::string(version);
}

observe::Snapshot Status::snapshot(std::size_t log_files_max) const {
    observe::Snapshot snapshot;
    snapshot.version = version;
    snapshot.host = host_;
    snapshot.run = run_;
    snapshot.start_unix_ms = start_unix_ms_;
    snapshot.uptime_ms = sources_.clock.steady_ms() - start_steady_ms_;
    snapshot.ledger = sources_.ledger;
    snapshot.logs = sources_.logs.report(log_files_max);
    for (std::size_t i = 0; i < snapshot.logs.size(); ++i) {
        snapshot.logs[i].parked = sources_.output.log_health(static_cast<forward::LogTopic>(i)).reason;
    }
    return snapshot;
}

std::string Status::agent_record() const {
    return observe::agent_record(snapshot(core::limits::reported_log_files));
}

void Status::append_stats(std::string& out) const {
    auto snapshot = this->snapshot(0);
    const auto& listen = sources_.listen;
    const auto& table = sources_.aggregator.table();
    snapshot.numbers = {
        {"connections_accepted", listen.connections_accepted},
        {"connections_max", listen.connections_max},
        {"connections_refused", listen.connections_refused},
        {"connections_idle_closed", listen.connections_idle_closed},
        {"connections_open", listen.connections_open},
        {"accept_failures", listen.accept_failures},
        {"received_bytes", listen.received_bytes},
        {"dropped_replies", listen.dropped_replies},
        {"unsent_bytes", listen.unsent_bytes},
        {"unfinished_bytes", listen.unfinished_bytes},
        {"given_up_lines", listen.given_up_lines},
        {"series", table.series_count()},
        {"series_max", table.limits().max_series},
        {"older_buckets", table.bucket_count()},
        {"older_buckets_max", table.max_buckets()},
        {"series_bytes", table.size_bytes()},
        {"series_spellings", table.spellings().size()},
        {"outbox_bytes", sources_.outbox.held_bytes()},
        {"in_flight_records", sources_.feeder.in_flight_records()},
        {"producer_rebuilds", sources_.output.rebuilds()},
    };
    append_journal(snapshot);
    append_loop(snapshot);
    for (const auto topic : core::all_topics) {
        if (const auto health = sources_.output.health(topic); health.parked) {
            snapshot.texts.emplace_back("topic." + std::string(core::base_name(topic)) + ".parked", health.reason);
        }
    }
    const auto& refusal = sources_.aggregator.last_refusal();
    if (!refusal.metric.empty()) {
        snapshot.texts.emplace_back("too_many_series.last_metric", refusal.metric);
        snapshot.texts.emplace_back("too_many_series.last_peer", refusal.peer);
    }
    observe::append_stats(snapshot, out);
}

void Status::append_journal(observe::Snapshot& snapshot) const {
    const auto* const journal = sources_.journal.journal();
    if (journal == nullptr) {
        return;
    }
    const auto& stats = journal->stats();
    const auto& damage = journal->damage();
    snapshot.numbers.insert(snapshot.numbers.end(),
                            {{"journal_bytes", journal->size_bytes()},
                             {"journal_bytes_max", journal->max_bytes()},
                             {"journal_written_bytes", stats.written_bytes},
                             {"journal_write_failures", stats.write_failures},
                             {"journal_sync_failures", stats.sync_failures},
                             {"journal_degraded", journal->is_failing() ? 1 : 0},
                             {"journal_damaged_places", damage.places},
                             {"journal_damaged_bytes", damage.bytes},
                             {"journal_read_failures", damage.read_failures},
                             {"journal_set_aside_files", damage.set_aside_files},
                             {"dead_letters", journal->dead_letters().stats().kept_records},
                             {"dead_letters_lost", journal->dead_letters().stats().lost_records}});
    const auto unwritten_ms = sources_.journal.unwritten_ms();
    const auto thousandths = std::to_string(1000 + unwritten_ms % 1000).substr(1);
    snapshot.texts.emplace_back("journal_unwritten_seconds", std::to_string(unwritten_ms / 1000) + "." + thousandths);
    if (!stats.last_failure.empty()) {
        snapshot.texts.emplace_back("journal_last_failure", stats.last_failure);
    }
}

void Status::append_loop(observe::Snapshot& snapshot) const {
    constexpr std::array<std::string_view, observe::BusyHistogram::bounds_ms.size()> names{
        "loop_stretches_over_1_ms",   "loop_stretches_over_2_ms",   "loop_stretches_over_5_ms",
        "loop_stretches_over_10_ms",  "loop_stretches_over_20_ms",  "loop_stretches_over_50_ms",
        "loop_stretches_over_100_ms", "loop_stretches_over_1000_ms"};
    const auto& loop = sources_.loop;
    snapshot.numbers.emplace_back("loop_stretches", loop.stretches());
    for (std::size_t i = 0; i < names.size(); ++i) {
        snapshot.numbers.emplace_back(names[i], loop.over(i));
    }
    snapshot.numbers.emplace_back("loop_longest_us", static_cast<std::uint64_t>(loop.longest_wall_ns() / 1000));
    snapshot.numbers.emplace_back("loop_longest_cpu_us", static_cast<std::uint64_t>(loop.longest_cpu_ns() / 1000));
}

} // namespace agent::app
