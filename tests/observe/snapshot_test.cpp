#include "observe/snapshot.hpp"

#include <cstdint>
#include <map>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace agent::observe {
namespace {

using core::DropReason;
using core::RejectReason;
using core::Topic;

Snapshot sample() {
    Snapshot snapshot;
    snapshot.version = "1.2.3";
    snapshot.host = "web-1";
    snapshot.run = "0d9c4a5e-3f1b-4c7e-9a52-6b1f0c8d7e21";
    snapshot.start_unix_ms = 1'763'750'431'250;
    snapshot.uptime_ms = 61'999;
    auto& ledger = snapshot.ledger;
    ledger.received_lines = 115;
    ledger.accepted_lines = 100;
    ledger.rejected_lines[static_cast<std::size_t>(RejectReason::bad_value)] = 12;
    ledger.rejected_lines[static_cast<std::size_t>(RejectReason::overloaded)] = 3;
    auto& mabs = ledger.of(Topic::mabs);
    mabs.accepted_lines = 90;
    mabs.recovered_lines = 10;
    mabs.delivered_lines = 60;
    mabs.dropped_lines[static_cast<std::size_t>(DropReason::budget)] = 5;
    mabs.dropped_lines[static_cast<std::size_t>(DropReason::shutdown)] = 1;
    mabs.delivered_records = 7;
    ledger.of(Topic::by_node).accepted_lines = 40;
    ledger.of(Topic::tsdb).accepted_lines = 10;
    ledger.of(Topic::tsdb).delivered_lines = 10;
    return snapshot;
}

// "name value" lines; each name once.
std::map<std::string, std::string> stats_of(const Snapshot& snapshot) {
    std::string text;
    append_stats(snapshot, text);
    REQUIRE(text.ends_with('\n'));
    std::map<std::string, std::string> stats;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        const auto blank = line.find(' ');
        REQUIRE(blank != std::string::npos);
        CHECK(!line.substr(blank + 1).empty());
        CHECK(stats.emplace(line.substr(0, blank), line.substr(blank + 1)).second);
    }
    return stats;
}

TEST_CASE("stats tell who, since when, and the whole ledger") {
    const auto stats = stats_of(sample());
    CHECK(stats.at("version") == "1.2.3");
    CHECK(stats.at("host") == "web-1");
    CHECK(stats.at("run") == "0d9c4a5e-3f1b-4c7e-9a52-6b1f0c8d7e21");
    CHECK(stats.at("start_time_seconds") == "1763750431");
    CHECK(stats.at("uptime_seconds") == "61");
    CHECK(stats.at("received_lines") == "115");
    CHECK(stats.at("accepted_lines") == "100");
    CHECK(stats.at("rejected_lines") == "15");
    CHECK(stats.at("rejected_lines.bad_value") == "12");
    CHECK(stats.at("rejected_lines.overloaded") == "3");
    CHECK(!stats.contains("rejected_lines.bad_tag"));
    CHECK(!stats.contains("rejected_lines.none"));
    CHECK(stats.at("topic.mabs.accepted_lines") == "90");
    CHECK(stats.at("topic.mabs.recovered_lines") == "10");
    CHECK(stats.at("topic.mabs.delivered_lines") == "60");
    CHECK(stats.at("topic.mabs.dropped_lines.budget") == "5");
    CHECK(stats.at("topic.mabs.dropped_lines.too_large") == "0");
    CHECK(stats.at("topic.mabs.dropped_lines.refused") == "0");
    CHECK(stats.at("topic.mabs.dropped_lines.shutdown") == "1");
    CHECK(stats.at("topic.mabs.pending_lines") == "34");
    CHECK(stats.at("topic.mabs.delivered_records") == "7");
    CHECK(stats.at("topic.mabs.by_node.pending_lines") == "40");
    CHECK(stats.at("topic.tsdb.pending_lines") == "0");
    CHECK(!stats.contains("topic.mabs.agent.accepted_lines")); // not a topic of lines
}

TEST_CASE("stats go on with what the app adds") {
    auto snapshot = sample();
    snapshot.numbers = {{"series", 12}, {"connections_open", 0}};
    snapshot.texts = {{"last_refused_metric", "a b"}};
    const auto stats = stats_of(snapshot);
    CHECK(stats.at("series") == "12");
    CHECK(stats.at("connections_open") == "0");
    CHECK(stats.at("last_refused_metric") == "a b");
}

TEST_CASE("stats are appended") {
    std::string text = "before\n";
    append_stats(sample(), text);
    CHECK(text.starts_with("before\nversion 1.2.3\n"));
}

TEST_CASE("the agent's record is the ledger, and it adds up") {
    const auto record = nlohmann::json::parse(agent_record(sample()));
    CHECK(record["v"] == 1);
    CHECK(record["type"] == "agent");
    CHECK(record["host"] == "web-1");
    CHECK(record["run"] == "0d9c4a5e-3f1b-4c7e-9a52-6b1f0c8d7e21");
    CHECK(record["version"] == "1.2.3");
    CHECK(record["start"] == 1763750431);
    CHECK(record["uptime"] == 61);
    CHECK(record["received"] == 115);
    CHECK(record["accepted"] == 100);
    CHECK(record["rejected"] == nlohmann::json{{"bad_value", 12}, {"overloaded", 3}});
    CHECK(record["topics"].size() == 3);
    CHECK(record["topics"]["mabs"] == nlohmann::json::parse(R"({"accepted":90,"recovered":10,"delivered":60,)"
                                                            R"("dropped":{"budget":5,"shutdown":1},"pending":34})"));
    CHECK(record["topics"]["mabs.by_node"]["pending"] == 40);
    CHECK(record["topics"]["tsdb"]["dropped"] == nlohmann::json::object());

    std::uint64_t rejected = 0;
    for (const auto& [reason, lines] : record["rejected"].items()) {
        rejected += lines.get<std::uint64_t>();
    }
    CHECK(record["received"] == record["accepted"].get<std::uint64_t>() + rejected);
    for (const auto& [topic, row] : record["topics"].items()) {
        std::uint64_t dropped = 0;
        for (const auto& [reason, lines] : row["dropped"].items()) {
            dropped += lines.get<std::uint64_t>();
        }
        CHECK(row["accepted"].get<std::uint64_t>() + row["recovered"].get<std::uint64_t>() ==
              row["delivered"].get<std::uint64_t>() + dropped + row["pending"].get<std::uint64_t>());
    }
}

TEST_CASE("the agent's record is one line of valid UTF-8, whatever the host is called") {
    auto snapshot = sample();
    snapshot.host = "a\"b\\c\nd\xFF";
    const auto text = agent_record(snapshot);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(nlohmann::json::parse(text)["host"] == "a\"b\\c\nd\uFFFD");
}

TEST_CASE("a new agent says so") {
    const auto record = nlohmann::json::parse(agent_record({}));
    CHECK(record["received"] == 0);
    CHECK(record["rejected"] == nlohmann::json::object());
    CHECK(record["topics"]["tsdb"] ==
          nlohmann::json::parse(R"({"accepted":0,"recovered":0,"delivered":0,"dropped":{},"pending":0})"));
}

} // namespace
} // namespace agent::observe
