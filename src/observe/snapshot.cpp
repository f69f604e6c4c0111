#include "observe/snapshot.hpp"

#include <nlohmann/json.hpp>

namespace agent::observe {

namespace {

void line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(" ").append(value).append("\n");
}

void line(std::string& out, std::string_view name, std::uint64_t value) {
    line(out, name, std::to_string(value));
}

void append_topic(const std::string& name, const core::TopicLedger& topic, std::string& out) {
    const auto prefix = "topic." + name + ".";
    line(out, prefix + "accepted_lines", topic.accepted_lines);
    line(out, prefix + "recovered_lines", topic.recovered_lines);
    line(out, prefix + "delivered_lines", topic.delivered_lines);
    for (std::size_t i = 0; i < core::drop_reason_count; ++i) {
        const auto reason = to_string(static_cast<core::DropReason>(i));
        line(out, prefix + "dropped_lines." + std::string(reason), topic.dropped_lines[i]);
    }
    line(out, prefix + "pending_lines", topic.pending_lines());
    line(out, prefix + "delivered_records", topic.delivered_records);
}

using Json = nlohmann::ordered_json;

Json rejected(const core::Ledger& ledger) {
    auto object = Json::object();
    for (std::size_t i = 0; i < core::reject_reason_count; ++i) {
        if (ledger.rejected_lines[i] != 0) {
            object[std::string(to_string(static_cast<core::RejectReason>(i)))] = ledger.rejected_lines[i];
        }
    }
    return object;
}

Json topic_row(const core::TopicLedger& topic) {
    auto dropped = Json::object();
    for (std::size_t i = 0; i < core::drop_reason_count; ++i) {
        if (topic.dropped_lines[i] != 0) {
            dropped[std::string(to_string(static_cast<core::DropReason>(i)))] = topic.dropped_lines[i];
        }
    }
    return {{"accepted", topic.accepted_lines},
            {"recovered", topic.recovered_lines},
            {"delivered", topic.delivered_lines},
            {"dropped", dropped},
            {"pending", topic.pending_lines()}};
}

std::string in_seconds(std::int64_t duration_ms) {
    return std::to_string(duration_ms / 1000) + "." + std::to_string(1000 + duration_ms % 1000).substr(1);
}

void append_log(const LogStream& log, std::string& out) {
    const auto prefix = "log." + log.name + ".";
    line(out, prefix + "files", log.files);
    line(out, prefix + "read_bytes", log.read_bytes);
    line(out, prefix + "acked_bytes", log.acked_bytes);
    line(out, prefix + "acked_records", log.acked_records);
    line(out, prefix + "lag_bytes", log.lag_bytes);
    line(out, prefix + "lag_seconds", in_seconds(log.lag_ms));
    line(out, prefix + "read_failures", log.read_failures);
    line(out, prefix + "save_failures", log.save_failures);
    line(out, prefix + "ack_p50_us", log.ack_p50_us);
    line(out, prefix + "ack_p99_us", log.ack_p99_us);
    for (const auto& skipped : log.skipped) {
        line(out, prefix + "skipped_bytes." + std::string(skipped.reason), skipped.bytes);
        line(out, prefix + "skipped_files." + std::string(skipped.reason), skipped.files);
    }
    if (!log.parked.empty()) {
        line(out, prefix + "parked", log.parked);
    }
}

Json log_row(const LogStream& log) {
    auto skipped = Json::object();
    auto skipped_files = Json::object();
    for (const auto& each : log.skipped) {
        skipped[std::string(each.reason)] = each.bytes;
        skipped_files[std::string(each.reason)] = each.files;
    }
    auto files = Json::object();
    for (const auto& [uid, path] : log.paths) {
        files[uid] = path;
    }
    return {{"name", log.name},
            {"topic", log.topic},
            {"read_bytes", log.read_bytes},
            {"acked_bytes", log.acked_bytes},
            {"acked_records", log.acked_records},
            {"lag_bytes", log.lag_bytes},
            {"lag_seconds", static_cast<double>(log.lag_ms) / 1000},
            {"skipped", skipped},
            {"skipped_files", skipped_files},
            {"files", files},
            {"files_left_out", log.files - log.paths.size()}};
}

constexpr std::array<core::Topic, 3> topics_with_lines{core::Topic::mabs, core::Topic::by_node, core::Topic::tsdb};

} // namespace

void append_stats(const Snapshot& snapshot, std::string& out) {
    const auto& ledger = snapshot.ledger;
    line(out, "version", snapshot.version);
    line(out, "host", snapshot.host);
    line(out, "run", snapshot.run);
    line(out, "start_time_seconds", static_cast<std::uint64_t>(snapshot.start_unix_ms / 1000));
    line(out, "uptime_seconds", static_cast<std::uint64_t>(snapshot.uptime_ms / 1000));
    line(out, "received_lines", ledger.received_lines);
    line(out, "accepted_lines", ledger.accepted_lines);
    line(out, "rejected_lines", ledger.rejected_total());
    for (std::size_t i = 0; i < core::reject_reason_count; ++i) {
        if (ledger.rejected_lines[i] != 0) {
            line(out, "rejected_lines." + std::string(to_string(static_cast<core::RejectReason>(i))),
                 ledger.rejected_lines[i]);
        }
    }
    for (const auto topic : topics_with_lines) {
        append_topic(std::string(core::base_name(topic)), ledger.of(topic), out);
    }
    for (const auto& log : snapshot.logs) {
        append_log(log, out);
    }
    for (const auto& [name, value] : snapshot.numbers) {
        line(out, name, value);
    }
    for (const auto& [name, value] : snapshot.texts) {
        line(out, name, value);
    }
}

std::string agent_record(const Snapshot& snapshot) {
    const auto& ledger = snapshot.ledger;
    auto topics = Json::object();
    for (const auto topic : topics_with_lines) {
        topics[std::string(core::base_name(topic))] = topic_row(ledger.of(topic));
    }
    Json record{{"v", 1},
                {"type", "agent"},
                {"host", snapshot.host},
                {"run", snapshot.run},
                {"version", snapshot.version},
                {"start", snapshot.start_unix_ms / 1000},
                {"uptime", snapshot.uptime_ms / 1000},
                {"received", ledger.received_lines},
                {"accepted", ledger.accepted_lines},
                {"rejected", rejected(ledger)},
                {"topics", topics}};
    if (!snapshot.logs.empty()) {
        auto& logs = record["logs"] = Json::array();
        for (const auto& log : snapshot.logs) {
            logs.push_back(log_row(log));
        }
    }
    return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace agent::observe
