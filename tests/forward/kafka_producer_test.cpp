#include "forward/kafka_producer.hpp"

#include "forward/kafka_line.hpp"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using core::Topic;
using forward::KafkaConfig;
using forward::KafkaProducer;
using test::KafkaLine;

namespace {

std::string open_error(KafkaConfig config) {
    const test::FakeClock clock;
    const auto producer = KafkaProducer::open(std::move(config), clock);
    return producer ? "" : producer.error().text;
}

} // namespace

TEST_CASE("records arrive with key, value, headers and time") {
    KafkaLine line;
    line.outbox.append(Topic::mabs, "m{a=1}", R"({"v":1})", 7, 1763750400123);
    line.outbox.append(Topic::agent, "host", "{}", 0, 1763750400124);
    REQUIRE(line.until_empty());
    CHECK(line.ledger.of(Topic::mabs).delivered_lines == 7);
    CHECK(line.ledger.of(Topic::agent).delivered_lines == 0);
    CHECK(line.ledger.of(Topic::agent).delivered_records == 1);

    const auto records = test::read_topic(line.broker.bootstrap(), "t.mabs", 1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].key == "m{a=1}");
    CHECK(records[0].value == R"({"v":1})");
    CHECK(records[0].headers == 2);
    CHECK(records[0].run == "run-1");
    CHECK(records[0].seq == "1");
    CHECK(records[0].timestamp_ms == 1763750400123);
    CHECK(test::read_topic(line.broker.bootstrap(), "t.mabs.agent", 1).size() == 1);
}

TEST_CASE("records go to the partitions where the Java client would put them") {
    // Hashes of org.apache.kafka.common.utils.Utils.murmur2, from the tests of Apache Kafka.
    const std::map<std::string, std::int32_t> hashes{
        {"21", -973932308},
        {"foobar", -790332482},
        {"abc", 479470107},
        {"a-little-bit-long-string", -985981536},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    };
    KafkaLine line({}, 7);
    for (const auto& [key, hash] : hashes) {
        line.outbox.append(Topic::mabs, key, "{}", 1, 0);
    }
    REQUIRE(line.until_empty());
    const auto records = test::read_topic(line.broker.bootstrap(), "t.mabs", 7);
    REQUIRE(records.size() == hashes.size());
    for (const auto& record : records) {
        CHECK(record.partition == (hashes.at(record.key) & 0x7fffffff) % 7);
    }
}

TEST_CASE("many records of all topics arrive once each, in order, and the window holds") {
    KafkaLine line;
    for (const Topic topic : core::all_topics) {
        line.add(topic, 5000, 200);
    }
    REQUIRE(line.until([&] {
        for (const Topic topic : core::all_topics) {
            CHECK(line.feeder->in_flight_bytes(topic) <= core::limits::in_flight_bytes);
        }
        return line.outbox.empty();
    }));
    for (const Topic topic : core::all_topics) {
        CHECK(line.ledger.of(topic).delivered_lines == 10'000);
        const auto records = test::read_topic(line.broker.bootstrap(), line.names[core::index(topic)], 1);
        REQUIRE(records.size() == 5000);
        for (std::size_t i = 0; i < records.size(); ++i) {
            REQUIRE(records[i].seq == std::to_string(i + 1));
        }
    }
}

TEST_CASE("a broker that is away at start holds records up, nothing else") {
    KafkaLine line;
    rd_kafka_mock_broker_set_down(line.cluster(), 1);
    line.add(Topic::mabs, 100);
    REQUIRE(line.until([&] { return !line.events.empty(); })); // the client says so
    CHECK(line.feeder->in_flight_records() == 100);
    CHECK(!line.producer->health(Topic::mabs).parked); // nobody said that the topic is missing
    rd_kafka_mock_broker_set_up(line.cluster(), 1);
    REQUIRE(line.until_empty());
    line.check_all_there(Topic::mabs, 100);
}

TEST_CASE("a broker that goes and comes back under load loses nothing") {
    KafkaLine line;
    line.add(Topic::mabs, 3000, 100);
    REQUIRE(line.until([&] { return line.ledger.of(Topic::mabs).delivered_records > 0; }));
    rd_kafka_mock_broker_set_down(line.cluster(), 1);
    line.add(Topic::mabs, 3000, 100);
    line.pump();
    rd_kafka_mock_broker_set_up(line.cluster(), 1);
    line.add(Topic::mabs, 1000, 100);
    REQUIRE(line.until_empty());
    CHECK(line.ledger.of(Topic::mabs).delivered_lines == 14'000);
    CHECK(line.producer->rebuilds() == 0);
    line.check_all_there(Topic::mabs, 7000);
}

TEST_CASE("a fatal error rebuilds the client and sends the same records again") {
    KafkaLine line;
    line.add(Topic::mabs, 500);
    REQUIRE(line.until_empty());
    rd_kafka_mock_broker_set_rtt(line.cluster(), 1, 200); // so that records are in flight
    line.add(Topic::mabs, 1500);
    line.pump();
    rd_kafka_test_fatal_error(line.producer->client_for_tests()->handle(),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "made up by the test");
    REQUIRE(line.until_empty());
    CHECK(line.producer->rebuilds() == 1);
    CHECK(line.saw("made up by the test"));
    CHECK(line.ledger.of(Topic::mabs).delivered_lines == 4000);
    line.check_all_there(Topic::mabs, 2000);
}

TEST_CASE("a fatal error with the broker away is no different") {
    KafkaLine line;
    rd_kafka_mock_broker_set_down(line.cluster(), 1);
    line.add(Topic::mabs, 100);
    line.add(Topic::tsdb, 100);
    line.pump();
    rd_kafka_test_fatal_error(line.producer->client_for_tests()->handle(), RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, "x");
    REQUIRE(line.until([&] { return line.producer->rebuilds() == 1; }));
    rd_kafka_mock_broker_set_up(line.cluster(), 1);
    REQUIRE(line.until_empty());
    line.check_all_there(Topic::mabs, 100);
    line.check_all_there(Topic::tsdb, 100);
}

TEST_CASE("stopping gives everything back at once, also with the broker gone") {
    for (const bool broker_there : {true, false}) {
        CAPTURE(broker_there);
        KafkaLine line(forward::KafkaProperties{{"linger.ms", "60000"}});
        if (!broker_there) {
            rd_kafka_mock_broker_set_down(line.cluster(), 1);
        }
        line.add(Topic::mabs, 1000);
        line.add(Topic::tsdb, 10);
        line.pump();
        CHECK(line.feeder->in_flight_records() == 1010);
        line.producer->stop();
        REQUIRE(line.until([&] { return line.feeder->in_flight_records() == 0; }));
        CHECK(line.outbox.stats(Topic::mabs).waiting_records == 1000);

        line.outbox.drop_waiting(core::DropReason::shutdown);
        CHECK(line.dropped(Topic::mabs, core::DropReason::shutdown) == 2000);
        CHECK(line.ledger.of(Topic::tsdb).pending_lines() == 0);
        line.producer.reset(); // with nothing in flight the memory of the records may go
        CHECK(line.outbox.empty());
    }
}

TEST_CASE("a wrong property is named") {
    CHECK(open_error({.properties = {{"no.such.thing", "1"}}}).find("no.such.thing") != std::string::npos);
    CHECK(open_error({.properties = {{"linger.ms", "soon"}}}).find("linger.ms") != std::string::npos);
    CHECK(open_error({.properties = {{"acks", "1"}}}).find("acks") != std::string::npos); // not with idempotence
    CHECK(open_error({.properties = {{"acks", "1"}, {"enable.idempotence", "false"}}}).empty());
    CHECK(open_error({.brokers = "127.0.0.1:1"}).empty()); // a broker that is not there is no error
}

TEST_CASE("properties of the operator override ours") {
    KafkaLine line(forward::KafkaProperties{{"client.id", "other"}, {"message.max.bytes", "2000"}});
    line.add(Topic::mabs, 1, 5000);
    line.add(Topic::mabs, 3);
    REQUIRE(line.until_empty());
    CHECK(line.dropped(Topic::mabs, core::DropReason::too_large) == 2);
    line.check_all_there(Topic::mabs, 4, {1});
}
