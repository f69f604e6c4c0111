// What brokers can answer, and what becomes of the records then.
#include "forward/kafka_line.hpp"
#include "forward/kafka_producer.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using core::DropReason;
using core::Topic;
using test::KafkaLine;

namespace {

const std::string tsdb = "t.tsdb";

void set_topic_error(KafkaLine& line, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(line.cluster(), tsdb.c_str(), error);
}

// Shows that tsdb is parked by what `harm` does, that mabs goes on, and that tsdb comes back after `mend`.
template <typename Harm, typename Mend>
void check_parking(KafkaLine& line, Harm harm, Mend mend) {
    line.add(Topic::tsdb, 100);
    REQUIRE(line.until_empty());
    harm();
    line.add(Topic::tsdb, 200);
    REQUIRE(line.until([&] { return line.producer->health(Topic::tsdb).parked; }));
    CHECK(!line.producer->health(Topic::tsdb).reason.empty());
    CHECK(line.producer->health(Topic::tsdb).since_unix_ms == line.clock.unix_ms());
    CHECK(line.saw("topic t.tsdb takes no records"));
    mend(); // produce errors are of all topics, so those have to stop here; that the topic is parked goes on

    line.add(Topic::mabs, 200);
    REQUIRE(line.until([&] { return line.ledger.of(Topic::mabs).delivered_records == 200; }));
    CHECK(line.ledger.of(Topic::tsdb).dropped_total() == 0);

    REQUIRE(line.until([&] {
        line.clock.advance(1000); // probes come due
        return line.outbox.empty();
    }));
    CHECK(!line.producer->health(Topic::tsdb).parked);
    CHECK(line.saw("topic t.tsdb takes records again"));
    CHECK(line.producer->rebuilds() == 0);
    line.check_all_there(Topic::tsdb, 300);
    line.check_all_there(Topic::mabs, 200);
}

} // namespace

TEST_CASE("a missing topic is parked, holds up no other, and is found when it is made") {
    KafkaLine line;
    set_topic_error(line, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    line.add(Topic::tsdb, 200);
    REQUIRE(line.until([&] { return line.producer->health(Topic::tsdb).parked; }));
    line.add(Topic::mabs, 200);
    REQUIRE(line.until([&] { return line.ledger.of(Topic::mabs).delivered_records == 200; }));
    line.clock.advance(core::limits::parked_probe_ms);
    line.pump();
    CHECK(line.producer->health(Topic::tsdb).parked);
    CHECK(line.ledger.of(Topic::tsdb).delivered_records == 0);

    set_topic_error(line, RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(line.until([&] {
        line.clock.advance(1000);
        return line.outbox.empty();
    }));
    CHECK(!line.producer->health(Topic::tsdb).parked);
    line.check_all_there(Topic::tsdb, 200);
}

TEST_CASE("a topic that is deleted while it is used is parked until it is back") {
    KafkaLine line;
    check_parking(
        line,
        [&] {
            set_topic_error(line, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
            line.push_produce_errors(std::vector(2, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
        },
        [&] { set_topic_error(line, RD_KAFKA_RESP_ERR_NO_ERROR); });
}

TEST_CASE("a topic that is forbidden or against a policy is parked until it is allowed") {
    // Only in answers to produce requests: with such an error of the topic in its metadata the mock cluster sends
    // partitions all the same, as no broker does, and librdkafka 2.8.0 crashes on those.
    for (const auto error : {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
                             RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION}) {
        CAPTURE(error);
        KafkaLine line;
        check_parking(
            line, [&] { line.push_produce_errors(std::vector(2, error)); },
            [&] { rd_kafka_mock_clear_request_errors(line.cluster(), test::produce_request); });
    }
}

TEST_CASE("a parked topic is probed no more often than said, with one record") {
    KafkaLine line;
    set_topic_error(line, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    line.add(Topic::tsdb, 10);
    REQUIRE(line.until([&] { return line.producer->health(Topic::tsdb).parked; }));
    line.pump();
    line.pump();
    CHECK(line.feeder->in_flight_records(Topic::tsdb) == 0);
    set_topic_error(line, RD_KAFKA_RESP_ERR_NO_ERROR);
    line.add(Topic::mabs, 10);
    REQUIRE(line.until([&] { return line.ledger.of(Topic::mabs).delivered_records == 10; }));
    CHECK(line.ledger.of(Topic::tsdb).delivered_records == 0); // the clock stood still, so no probe was due
}

TEST_CASE("a batch that is too large is taken apart, only a record alone is dropped for it") {
    KafkaLine line;
    line.push_produce_errors({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    line.add(Topic::mabs, 100);
    REQUIRE(line.until_empty());
    CHECK(line.ledger.of(Topic::mabs).dropped_total() == 0);

    line.push_produce_errors({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    line.add(Topic::mabs, 1);
    REQUIRE(line.until_empty());
    CHECK(line.dropped(Topic::mabs, DropReason::too_large) == 2);
    line.check_all_there(Topic::mabs, 101, {101});
}

TEST_CASE("a record with a refused timestamp is sent with the current time") {
    KafkaLine line;
    line.push_produce_errors({RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP});
    line.add(Topic::mabs, 3);
    const auto sealed_ms = line.clock.unix_ms();
    line.clock.advance(3600 * 1000);
    REQUIRE(line.until_empty());
    for (const auto& record : test::read_topic(line.broker.bootstrap(), "t.mabs", 1)) {
        CHECK(record.timestamp_ms == sealed_ms + 3600 * 1000);
    }
    line.check_all_there(Topic::mabs, 3);
}

TEST_CASE("errors that pass are librdkafka's business") {
    KafkaLine line;
    line.push_produce_errors({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                              RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR});
    line.add(Topic::mabs, 500);
    REQUIRE(line.until_empty());
    CHECK(line.producer->rebuilds() == 0);
    CHECK(!line.saw("takes no records"));
    line.check_all_there(Topic::mabs, 500);
}

TEST_CASE("when nothing moves while the broker answers the client is built anew") {
    KafkaLine line;
    line.push_produce_errors(std::vector(10'000, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS));
    line.add(Topic::mabs, 50);
    line.pump();
    line.clock.advance(core::limits::stuck_after_ms);
    REQUIRE(line.until([&] { return line.producer->rebuilds() == 1; }));
    CHECK(line.saw("nothing moved on topic t.mabs"));
    rd_kafka_mock_clear_request_errors(line.cluster(), test::produce_request);
    REQUIRE(line.until_empty());
    line.check_all_there(Topic::mabs, 50);
}

TEST_CASE("in an outage the client is left alone") {
    KafkaLine line;
    rd_kafka_mock_broker_set_down(line.cluster(), 1);
    line.add(Topic::mabs, 50);
    line.pump();
    line.clock.advance(core::limits::stuck_after_ms);
    line.pump();
    line.clock.advance(core::limits::stuck_after_ms - 1000);
    line.pump();
    CHECK(line.producer->rebuilds() == 0);
    rd_kafka_mock_broker_set_up(line.cluster(), 1);
    REQUIRE(line.until_empty());
    line.check_all_there(Topic::mabs, 50);
}
