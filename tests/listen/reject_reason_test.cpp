// Every reason for which a line can be rejected, reached through a conversation and a real aggregator: counted under
// its name, told under its name.
#include "aggregate/aggregator.hpp"
#include "listen/conversation.hpp"
#include "support/aggregator_rig.hpp"
#include "support/talk.hpp"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

using core::RejectReason;
using namespace std::string_literals;

struct Whole : test::TalkWorld {
    explicit Whole(const aggregate::AggregatorOptions& options = test::rig_options())
        : aggregator(options, clock, store, ledger) {}

    test::RecordingStore store;
    aggregate::Aggregator aggregator;
};

struct Row {
    RejectReason reason;
    std::string line;
};

const std::vector<Row> rows{
    {RejectReason::line_too_long, std::string(65537, 'x')},
    {RejectReason::control_character, "mabs c m 1 a=\x01"},
    {RejectReason::control_character, "mabs c m 1\r\r"},
    {RejectReason::invalid_utf8, "mabs c m\xC0\x80 1"},
    {RejectReason::unknown_command, "GET / HTTP/1.1"},
    {RejectReason::unknown_type, "mabs timer m 1"},
    {RejectReason::missing_metric, "mabs counter"},
    {RejectReason::missing_value, "mabs counter m"},
    {RejectReason::missing_timestamp, "put m"},
    {RejectReason::missing_token, "sync"},
    {RejectReason::bad_token, "sync " + std::string(256, 't')},
    {RejectReason::unexpected_field, "version please"},
    {RejectReason::bad_metric, "mabs counter a{b} 1"},
    {RejectReason::bad_metric, "put a{b} 1763750400 1"},
    {RejectReason::bad_timestamp, "put m 17637504 1"},
    {RejectReason::timestamp_too_old, "mabs counter m 0000000000 1"},
    {RejectReason::timestamp_too_far_ahead, "mabs counter m 9999999999 1"},
    {RejectReason::bad_value, "mabs gauge m NaN"},
    {RejectReason::value_out_of_range, "mabs counter m 9223372036854775808"},
    {RejectReason::bad_base64, "mabs histogram m ____"},
    {RejectReason::bad_digest, "mabs histogram m AAAA"},
    {RejectReason::bad_tag, "mabs counter m 1763750400 1 word"},
    {RejectReason::bad_tag_name, "mabs counter m 1 =v"},
    {RejectReason::tag_value_too_long, "mabs counter m 1 t=" + std::string(1025, 'v')},
    {RejectReason::duplicate_tag, "mabs counter m 1 t=1 t=2"},
    {RejectReason::too_many_tags,
     [] {
         std::string line = "put m 1763750400 1";
         for (int i = 0; i < 33; ++i) {
             line += " t" + std::to_string(i) + "=v";
         }
         return line;
     }()},
    {RejectReason::bad_by_node, "mabs counter m 1 by_node=yes"},
};

TEST_CASE("a line of each kind") {
    for (const auto& [reason, line] : rows) {
        const std::string word(core::to_string(reason));
        CAPTURE(word);
        Whole world;
        test::Talk talk(world, world.aggregator);
        talk.send("mabs counter good 1\n" + line + "\nmabs counter good 1\n");
        const auto reply = talk.end();
        CHECK(reply.starts_with("error 2 " + word + ": "));
        CHECK(reply.find('\n') == reply.size() - 1);
        CHECK(world.rejected(reason) == 1);
        CHECK(world.ledger.rejected_total() == 1);
        CHECK(world.ledger.accepted_lines == 2);
        CHECK(world.ledger.received_lines == 3);
    }
}

TEST_CASE("each of them is a row above, or below") {
    std::set<RejectReason> seen{RejectReason::none, RejectReason::unterminated_line, RejectReason::too_many_series,
                                RejectReason::overloaded, RejectReason::denied};
    for (const auto& row : rows) {
        seen.insert(row.reason);
    }
    CHECK(seen.size() == core::reject_reason_count);
}

TEST_CASE("an unterminated line") {
    Whole world;
    test::Talk talk(world, world.aggregator);
    talk.send("mabs counter good 1\nmabs counter good 1");
    CHECK(talk.end().starts_with("error 2 unterminated_line: "));
    CHECK(world.rejected(RejectReason::unterminated_line) == 1);
    CHECK(world.ledger.accepted_lines == 1);
}

TEST_CASE("one series too many") {
    auto options = test::rig_options();
    options.table.max_series = 1;
    Whole world(options);
    test::Talk talk(world, world.aggregator, "127.0.0.1:9");
    talk.send("mabs counter good 1\nmabs counter  evil.name 1 a=b\nmabs counter good 1\n");
    const auto reply = talk.end();
    CHECK(reply.starts_with("error 2 too_many_series: \"evil.name\" "));
    CHECK(reply.find('\n') == reply.size() - 1);
    CHECK(world.rejected(RejectReason::too_many_series) == 1);
    CHECK(world.aggregator.last_refusal().metric == "evil.name");
    CHECK(world.aggregator.last_refusal().peer == "127.0.0.1:9");
}

TEST_CASE("a denied metric") {
    auto options = test::rig_options();
    options.deny.add(*aggregate::MetricGlob::compile("tmp.*"));
    Whole world(options);
    test::Talk talk(world, world.aggregator);
    talk.send("mabs counter good 1\nmabs counter tmp.x 1 a=b\nput tmp.y 1763750400 1\nmabs counter b{ 1\n");
    const auto reply = talk.end();
    CHECK(
        reply.starts_with("error 2 denied: \"tmp.x\" is on the denylist: glob \"tmp.*\"\n"
                          "error 3 denied: \"tmp.y\" is on the denylist: glob \"tmp.*\"\n"
                          "error 4 bad_metric: "));
    CHECK(world.rejected(RejectReason::denied) == 2);
    CHECK(world.ledger.accepted_lines == 1);
}

TEST_CASE("a full journal") {
    Whole world;
    world.store.room = 0;
    test::Talk talk(world, world.aggregator);
    talk.send("mabs counter good 1\nput m 1763750400 1\n");
    CHECK(talk.end().starts_with("error 2 overloaded: "));
    CHECK(world.rejected(RejectReason::overloaded) == 1);
}

TEST_CASE("a digest's fault is told in detail, for its own line only") {
    Whole world;
    test::Talk talk(world, world.aggregator);
    talk.send("mabs h m AAAA\nmabs h m ____\nmabs c m x\n");
    const auto reply = talk.end();
    const auto second = reply.find("\nerror 2 ");
    const auto third = reply.find("\nerror 3 ");
    REQUIRE(second != std::string::npos);
    REQUIRE(third != std::string::npos);
    CHECK(reply.starts_with("error 1 bad_digest: \"AAAA\" is not a serialized t-digest: "));
    CHECK(reply.substr(second + 1)
              .starts_with("error 2 bad_base64: histogram wants a Base64 t-digest (standard alphabet, one line), got "
                           "\"____\": "));
    CHECK(reply.substr(third + 1) == "error 3 bad_value: counter wants a decimal integer (int64), got \"x\"\n");
}

} // namespace
} // namespace agent::listen
