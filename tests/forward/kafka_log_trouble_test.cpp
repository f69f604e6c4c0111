// What brokers can answer to records of log files.
#include "forward/kafka_producer.hpp"
#include "forward/log_line.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using core::Topic;
using test::LogLine;

TEST_CASE("a parked log topic holds up no other, and all comes through when it is made") {
    LogLine line({}, core::topic_names("t."));
    rd_kafka_mock_topic_set_error(line.cluster(), "l.0", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    const auto stuck = line.add(0, 200);
    REQUIRE(line.until([&] { return line.producer->log_health(0).parked; }));
    CHECK(line.saw("topic l.0 takes no records"));
    CHECK(!line.producer->log_health(1).parked);
    CHECK(!line.producer->health(Topic::mabs).parked);
    const auto other = line.add(1, 200);
    REQUIRE(line.until([&] { return line.tickets.at(other).done(); }));
    line.clock.advance(core::limits::parked_probe_ms);
    line.pump();
    CHECK(line.tickets.at(stuck).delivered == 0);
    CHECK(line.in_flight() <= 1); // the probe

    rd_kafka_mock_topic_set_error(line.cluster(), "l.0", RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(line.until([&] {
        line.clock.advance(1000);
        return line.tickets.at(stuck).done();
    }));
    CHECK(line.saw("topic l.0 takes records again"));
    line.check_all_there("l.0", false);
    line.check_all_there("l.1");
}

TEST_CASE("a batch of log records that is too large is taken apart, only one alone is given up") {
    LogLine line;
    line.push_produce_errors({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    const auto several = line.add(0, 100);
    REQUIRE(line.until_done());
    CHECK(line.tickets.at(several).delivered == 100);
    CHECK(line.came_back > 0);

    line.push_produce_errors({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    const auto one = line.add(0, 1);
    REQUIRE(line.until_done());
    CHECK(line.tickets.at(one).dropped == 1);
}

TEST_CASE("a fatal error gives log records back, and the new client gets them") {
    LogLine line;
    line.add(0, 500);
    REQUIRE(line.until_done());
    rd_kafka_mock_broker_set_rtt(line.cluster(), 1, 200); // so that records are in flight
    line.add(0, 1500);
    line.add(1, 10);
    line.pump();
    rd_kafka_test_fatal_error(line.producer->client_for_tests()->handle(),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "made up by the test");
    REQUIRE(line.until_done());
    CHECK(line.producer->rebuilds() == 1);
    CHECK(line.came_back > 0);
    line.check_all_there("l.0", false);
    line.check_all_there("l.1", false);
}

TEST_CASE("when a log topic does not move while the broker answers the client is built anew") {
    LogLine line;
    line.push_produce_errors(std::vector(10'000, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS));
    line.add(1, 50);
    line.pump();
    line.clock.advance(core::limits::stuck_after_ms);
    REQUIRE(line.until([&] { return line.producer->rebuilds() == 1; }));
    CHECK(line.saw("nothing moved on topic l.1"));
    rd_kafka_mock_clear_request_errors(line.cluster(), test::produce_request);
    REQUIRE(line.until_done());
    line.check_all_there("l.1", false);
}

TEST_CASE("stopping gives log records back at once, also with the broker gone") {
    for (const bool broker_there : {true, false}) {
        CAPTURE(broker_there);
        LogLine line(forward::KafkaProperties{{"linger.ms", "60000"}});
        if (!broker_there) {
            rd_kafka_mock_broker_set_down(line.cluster(), 1);
        }
        line.add(0, 1000);
        line.add(1, 10);
        line.offer();
        CHECK(line.in_flight() == 1010);
        line.producer->stop();
        REQUIRE(line.until([&] { return line.in_flight() == 0; }));
        CHECK(line.came_back == 1010);
        line.offer();
        CHECK(line.in_flight() == 0); // takes no more
    }
}
