// Which lines are of one series, and what is on which topic under which key.
#include "aggregate/aggregator.hpp"
#include "support/aggregator_rig.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::RejectReason;
using core::Topic;
using test::AggregatorRig;
using test::reason_of;

TEST_CASE("one record of one series, whole") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs counter http.requests 1763750431 128 status=200 service=pins"));
    rig.clock.advance(4000);
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].topic == Topic::mabs);
    CHECK(records[0].key == "http.requests{service=pins,status=200}");
    CHECK(records[0].lines == 1);
    CHECK(records[0].sealed_ms == test::FakeClock::start_unix_ms + 4000);
    CHECK(records[0].value ==
          nlohmann::json::parse(
              R"({"v":1,"type":"counter","metric":"http.requests","tags":{"service":"pins","status":"200"},)"
              R"("ts":1763750400,"interval":60,"lines":1,"value":128})"));
}

TEST_CASE("however tags are ordered and spaced, it is one series") {
    AggregatorRig rig;
    for (const char* text : {
             "mabs counter m 1 a=1 b=2 c=3",
             "mabs c m 1 a=1 b=2 c=3",
             "mabs c m 1 c=3 b=2 a=1",
             "mabs c m 1 b=2 c=3 a=1",
             "mabs c m 1  a=1\tb=2   c=3  ",
             "\tmabs  c m\t1 a=1 b=2 c=3",
             "mabs c m 1763750431 1 a=1 c=3 b=2",
             "mabs c m 1 a=1 b=2 c=3 d=",
             "mabs c m 1 e= c=3 b=2 a=1",
             "mabs c m 1 a=1 b=2 c=3 by_node=False",
             "mabs c m 1 by_node=0 a=1 b=2 c=3",
             "mabs c m 1 a=1 by_node= b=2 c=3",
         }) {
        CAPTURE(text);
        CHECK(!rig.line(text));
        CHECK(!rig.line(text)); // the second time by its spelling
        CHECK(rig.aggregator.table().series_count() == 1);
    }
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].key == "m{a=1,b=2,c=3}");
    CHECK(records[0].lines == 24);
    CHECK(records[0].value["value"] == 24);
}

TEST_CASE("what differs in anything but order is another series") {
    AggregatorRig rig;
    const std::vector<std::string> texts{
        "mabs c m 1",         "mabs c M 1",           "mabs c m. 1",      "mabs c m 1 a=1",
        "mabs c m 1 a=2",     "mabs c m 1 A=1",       "mabs c m 1 a=1=1", "mabs c m 1 b=1",
        "mabs c m 1 a=1 b=1", "mabs g m 1",           "mabs s m 1",       "mabs c ma 1 =",
        "mabs c m 1 a=é",     "mabs c m 1 a=e\u0301", "mabs c m 1 ab=1",  "mabs c ma 1 b=1",
    };
    std::size_t good = 0;
    for (const auto& text : texts) {
        good += rig.line(text) ? 0 : 1;
    }
    CHECK(good == texts.size() - 1); // "=" is no tag
    CHECK(rig.aggregator.table().series_count() == good);
    CHECK(rig.records().size() == good);
}

TEST_CASE("histograms and samples of one name are one series") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs sample m 1 a=1"));
    CHECK(!rig.line("mabs s m 2 a=1"));
    CHECK(rig.aggregator.table().series_count() == 1);
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].value["type"] == "histogram");
    CHECK(records[0].value["count"] == 2);
}

TEST_CASE("a flagged line and one that is not are one series on mabs, and only the flagged part is on mabs.by_node") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs c m 1 a=1"));
    CHECK(!rig.line("mabs c m 10 a=1 by_node=True"));
    CHECK(!rig.line("mabs c m 100 by_node=true a=1"));
    CHECK(!rig.line("mabs c m 1000 a=1 by_node=1"));
    CHECK(!rig.line("mabs c m 10000 a=1 by_node=False"));
    CHECK(rig.aggregator.table().series_count() == 1);
    CHECK(rig.ledger.accepted_lines == 5);
    CHECK(rig.ledger.of(Topic::mabs).accepted_lines == 5);
    CHECK(rig.ledger.of(Topic::by_node).accepted_lines == 3);

    auto records = rig.records();
    REQUIRE(records.size() == 2);
    if (records[0].topic == Topic::by_node) {
        std::swap(records[0], records[1]);
    }
    CHECK(records[0].topic == Topic::mabs);
    CHECK(records[0].key == "m{a=1}");
    CHECK(records[0].lines == 5);
    CHECK(records[0].value["value"] == 11111);
    CHECK(!records[0].value.contains("node"));
    CHECK(records[1].topic == Topic::by_node);
    CHECK(records[1].key == "m{a=1,node=h}");
    CHECK(records[1].lines == 3);
    CHECK(records[1].value["value"] == 1110);
    CHECK(records[1].value["node"] == "h");
    CHECK(records[1].value["tags"] == nlohmann::json{{"a", "1"}}); // the flag is no tag
    CHECK(records[1].value["ts"] == 1763750400);

    CHECK(!rig.line("mabs c m 1 a=1")); // nothing flagged since: nothing on by_node
    CHECK(rig.records(Topic::by_node).empty());
}

TEST_CASE("every type may be flagged, and one that has no tags") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs c m 1 by_node=True"));
    CHECK(!rig.line("mabs g m 2 by_node=True"));
    CHECK(!rig.line("mabs s m 3 by_node=True"));
    const auto flagged = rig.records(Topic::by_node);
    REQUIRE(flagged.size() == 3);
    for (const auto& record : flagged) {
        CHECK(record.key == "m{node=h}");
        CHECK(record.value["node"] == "h");
        CHECK(record.value["tags"].empty());
    }
}

TEST_CASE("many aliases of one series, flagged and not, in one batch") {
    AggregatorRig rig;
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i) { // more than a batch; new spellings and known ones side by side
        texts.push_back("mabs c m 1 a=1 e" + std::to_string(i % 40) + "= " + (i % 2 == 0 ? "by_node=True" : "b=2 x="));
    }
    for (const auto& error : rig.lines(texts)) {
        CHECK(reason_of(error) == "none");
    }
    CHECK(rig.aggregator.table().series_count() == 2);
    CHECK(rig.ledger.of(Topic::mabs).accepted_lines == 100);
    CHECK(rig.ledger.of(Topic::by_node).accepted_lines == 50);
    for (const auto& record : rig.records()) {
        CHECK(record.value["value"] == 50);
    }
}

TEST_CASE("names and tags are checked, and the error says where in the line") {
    struct Row {
        std::string text;
        RejectReason reason;
        std::uint32_t offset;
        std::uint32_t length;
    };
    const Row rows[] = {
        {"mabs c a{b 1", RejectReason::bad_metric, 7, 3},
        {" mabs  c a=b 1 x=y", RejectReason::bad_metric, 9, 3},
        {"mabs c m 1763750400 1 word", RejectReason::bad_tag, 22, 4},
        {"mabs c m 1763750400 1  a=1 =x", RejectReason::bad_tag_name, 27, 2},
        {"mabs g m 1 a=1 a=2", RejectReason::duplicate_tag, 15, 1},
        {"mabs s m 1 by_node=no", RejectReason::bad_by_node, 19, 2},
        {"put a,b 1763750400 1", RejectReason::bad_metric, 4, 3},
        {"put m 1763750400 1 a=1 b", RejectReason::bad_tag, 23, 1},
        {"mabs h m !!! a=b", RejectReason::bad_base64, 9, 3},
        {"mabs h m AAAA a=b", RejectReason::bad_digest, 9, 4},
        {"mabs h m a=b", RejectReason::bad_base64, 9, 3},
    };
    for (const auto& [text, reason, offset, length] : rows) {
        CAPTURE(text);
        AggregatorRig rig;
        for (int again = 0; again < 2; ++again) { // a rejected spelling is not remembered as a good one
            const auto error = rig.line(text);
            CHECK(reason_of(error) == std::string(core::to_string(reason)));
            CHECK(error.offset == offset);
            CHECK(error.length == length);
        }
        CHECK(rig.aggregator.table().series_count() == 0);
        CHECK(rig.aggregator.table().spellings().size() == 0);
        CHECK(rig.records().empty());
        CHECK(rig.ledger.accepted_lines == 0);
    }
}

TEST_CASE("a wrong digest is told in detail") {
    AggregatorRig rig;
    CHECK(reason_of(rig.line("mabs h m AAAA")) == "bad_digest");
    CHECK(!rig.detail.empty());
    CHECK(!rig.line("mabs c m 1"));
    CHECK(rig.detail.empty());
}

TEST_CASE("tag values come out as they came in") {
    AggregatorRig rig;
    CHECK(!rig.line("mabs c m 1 a=x,y}z\\ b=\"q\" c==== d={ é=日本"));
    const auto records = rig.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].key == "m{a=x\\,y\\}z\\\\,b=\"q\",c====,d={,é=日本}");
    CHECK(records[0].value["tags"] ==
          nlohmann::json{{"a", "x,y}z\\"}, {"b", "\"q\""}, {"c", "==="}, {"d", "{"}, {"é", "日本"}});
}

TEST_CASE("the longest names and the most tags") {
    AggregatorRig rig;
    std::string text = "mabs c " + std::string(255, 'm') + " 1";
    for (int i = 31; i >= 0; --i) {
        const auto number = std::to_string(10 + i);
        text += " " + std::string(253, 't') + number + "=" + std::string(1022, 'v') + number;
    }
    REQUIRE(text.size() < core::limits::max_line_bytes);
    CHECK(!rig.line(text + " by_node=True"));
    CHECK(!rig.line(text));
    const auto records = rig.records();
    REQUIRE(records.size() == 2);
    for (const auto& record : records) {
        CHECK(record.value["metric"] == std::string(255, 'm'));
        CHECK(record.value["tags"].size() == 32);
        CHECK(record.value["tags"][std::string(253, 't') + "41"] == std::string(1022, 'v') + "41");
    }
}

} // namespace
} // namespace agent::aggregate
