#include "forward/topic_gate.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using forward::Answer;
using forward::Fate;
using forward::Moment;
using forward::TopicGate;

namespace {

constexpr int probe_ms = 10'000;

Moment at(std::int64_t ms) {
    return {.steady_ms = ms, .unix_ms = 1'000'000 + ms};
}

} // namespace

TEST_CASE("an open gate admits and delivers") {
    TopicGate gate(probe_ms);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(gate.admits(1000, 0));
        gate.sent(1000, 0);
    }
    CHECK(gate.in_flight_records() == 100);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        CHECK(gate.answered(1000, Answer::acked, "", at(5)) == Fate::delivered);
    }
    CHECK(gate.in_flight_records() == 0);
    CHECK(!gate.health().parked);
}

TEST_CASE("a failed topic is parked, probed with one record at a time, and opened by the first ack") {
    TopicGate gate(probe_ms);
    gate.sent(10, 0);
    gate.sent(10, 0);
    CHECK(gate.answered(10, Answer::topic_failed, "forbidden", at(100)) == Fate::retry);
    CHECK(gate.health().parked);
    CHECK(gate.health().reason == "forbidden");
    CHECK(gate.health().since_unix_ms == 1'000'100);
    CHECK(!gate.admits(10, 100)); // the other one is still out
    CHECK(gate.answered(10, Answer::topic_failed, "forbidden", at(110)) == Fate::retry);

    REQUIRE(gate.admits(10, 110)); // the first probe at once
    gate.sent(10, 110);
    CHECK(!gate.admits(10, 110)); // one only
    gate.answered(10, Answer::topic_failed, "still forbidden", at(120));
    CHECK(gate.health().reason == "still forbidden");
    CHECK(gate.health().since_unix_ms == 1'000'100);
    CHECK(!gate.admits(10, 120 + probe_ms - 1));
    REQUIRE(gate.admits(10, 120 + probe_ms));
    gate.sent(10, 120 + probe_ms);
    CHECK(gate.answered(10, Answer::acked, "", at(20'000)) == Fate::delivered);
    CHECK(!gate.health().parked);
    CHECK(gate.health().reason.empty());
    gate.sent(10, 20'000);
    CHECK(gate.admits(10, 20'000));
}

TEST_CASE("an ack of a record sent before does not open a parked topic") {
    TopicGate gate(probe_ms);
    gate.sent(10, 0);
    gate.sent(10, 0);
    gate.answered(10, Answer::topic_failed, "gone", at(1));
    CHECK(gate.answered(10, Answer::acked, "", at(2)) == Fate::delivered);
    CHECK(gate.health().parked);
}

TEST_CASE("a topic that is refused before anything is sent is parked and probed as rarely") {
    TopicGate gate(probe_ms);
    gate.refused("unknown", at(50));
    CHECK(gate.health().parked);
    CHECK(!gate.admits(10, 50));
    CHECK(gate.admits(10, 50 + probe_ms));
}

TEST_CASE("a probe that was only given back is sent again at once, and the topic stays parked") {
    TopicGate gate(probe_ms);
    gate.refused("unknown", at(0));
    gate.sent(10, probe_ms);
    CHECK(gate.answered(10, Answer::given_back, "", at(probe_ms)) == Fate::retry);
    CHECK(gate.health().parked);
    CHECK(gate.admits(10, probe_ms));
}

TEST_CASE("a record that was alone in flight is the culprit") {
    TopicGate gate(probe_ms);
    gate.sent(10, 0);
    CHECK(gate.answered(10, Answer::too_large, "", at(0)) == Fate::too_large);
    CHECK(gate.admits(10, 0));
    gate.sent(10, 0);
    gate.sent(10, 0);
    CHECK(gate.answered(10, Answer::too_large, "", at(0)) == Fate::retry); // it need not be this one
    CHECK(!gate.admits(10, 0));
    CHECK(gate.answered(10, Answer::too_large, "", at(0)) == Fate::retry);
    REQUIRE(gate.admits(10, 0));
    gate.sent(10, 0);
    CHECK(!gate.admits(10, 0)); // half of the two is one
}

TEST_CASE("after a bad timestamp records get the current time, for a while") {
    TopicGate gate(probe_ms);
    CHECK(gate.timestamp_ms(111, 999) == 111);
    for (int i = 0; i < 100; ++i) {
        gate.sent(10, 0);
    }
    for (int i = 0; i < 100; ++i) {
        CHECK(gate.timestamp_ms(111, 999) == 111); // the others of that time are still out
        CHECK(gate.answered(10, Answer::bad_timestamp, "", at(0)) == Fate::retry);
    }
    CHECK(!gate.health().parked);
    CHECK(gate.timestamp_ms(111, 999) == 999);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(gate.admits(10, 0)); // nothing is wrong with the batch's size
        gate.sent(10, 0);
    }
    for (int i = 0; i < 100; ++i) {
        CHECK(gate.answered(10, Answer::acked, "", at(10)) == Fate::delivered);
    }
    CHECK(gate.timestamp_ms(111, 999) == 999);
    gate.sent(10, TopicGate::restamp_ms);
    gate.answered(10, Answer::acked, "", at(TopicGate::restamp_ms));
    CHECK(gate.timestamp_ms(111, 999) == 111);
}

TEST_CASE("a topic that refuses the current time is parked: the clock is wrong") {
    TopicGate gate(probe_ms);
    gate.sent(10, 0);
    gate.answered(10, Answer::bad_timestamp, "clock", at(0));
    CHECK(!gate.health().parked);
    gate.sent(10, 0);
    CHECK(gate.answered(10, Answer::bad_timestamp, "clock", at(0)) == Fate::retry);
    CHECK(gate.health().parked);
    CHECK(gate.health().reason == "clock");
    REQUIRE(gate.admits(10, 0)); // the first probe
    gate.sent(10, 0);
    gate.answered(10, Answer::bad_timestamp, "clock", at(0));
    CHECK(!gate.admits(10, probe_ms - 1));
    CHECK(gate.admits(10, probe_ms));
}

TEST_CASE("invalid records are sent with the current time before the culprit is looked for") {
    TopicGate gate(probe_ms);
    gate.sent(10, 0);
    gate.sent(10, 0);
    CHECK(gate.answered(10, Answer::invalid, "", at(0)) == Fate::retry);
    CHECK(gate.answered(10, Answer::given_back, "", at(0)) == Fate::retry);
    CHECK(gate.timestamp_ms(111, 999) == 999);
    gate.sent(10, 0);
    REQUIRE(gate.admits(10, 0));
    gate.sent(10, 0);
    CHECK(gate.answered(10, Answer::invalid, "", at(0)) == Fate::retry);
    CHECK(gate.answered(10, Answer::given_back, "", at(0)) == Fate::retry);
    gate.sent(10, 0);
    CHECK(!gate.admits(10, 0));
    CHECK(gate.answered(10, Answer::invalid, "", at(0)) == Fate::refused);
    CHECK(!gate.health().parked);
}

TEST_CASE("the time without an answer starts with the first record in flight") {
    TopicGate gate(probe_ms);
    gate.sent(10, 500);
    gate.sent(10, 600);
    CHECK(gate.waiting_since_ms() == 500);
    gate.answered(10, Answer::acked, "", at(700));
    CHECK(gate.waiting_since_ms() == 700);
}

namespace {

// A topic that takes batches up to `limit` bytes, behind a gate: sends records in order, forms batches as a client
// library might, and answers each batch as a whole.
struct PickyTopic {
    std::size_t limit;
    std::vector<std::size_t> sizes; // of the records, by position - 1
    std::uint32_t seed = 1;

    std::set<std::uint64_t> waiting{};
    std::set<std::uint64_t> delivered{};
    std::set<std::uint64_t> dropped{};
    int rounds = 0;
    int failed_batches = 0;

    void run() {
        TopicGate gate(probe_ms);
        std::mt19937 random(seed);
        for (std::uint64_t position = 1; position <= sizes.size(); ++position) {
            waiting.insert(position);
        }
        for (std::int64_t now = 0; !waiting.empty(); now += 100) {
            REQUIRE(++rounds < 20'000);
            std::vector<std::uint64_t> flying;
            while (!waiting.empty() && gate.admits(size_of(*waiting.begin()), now)) {
                gate.sent(size_of(*waiting.begin()), now);
                flying.push_back(*waiting.begin());
                waiting.erase(waiting.begin());
            }
            REQUIRE(!flying.empty());
            while (!flying.empty()) {
                const auto count = std::uniform_int_distribution<std::size_t>(1, flying.size())(random);
                answer_batch(gate, {flying.begin(), flying.begin() + static_cast<std::ptrdiff_t>(count)}, now);
                flying.erase(flying.begin(), flying.begin() + static_cast<std::ptrdiff_t>(count));
            }
        }
        CHECK(!gate.health().parked);
    }

    std::size_t size_of(std::uint64_t position) const { return sizes[position - 1]; }

    void answer_batch(TopicGate& gate, const std::vector<std::uint64_t>& batch, std::int64_t now) {
        std::size_t bytes = 0;
        for (const auto position : batch) {
            bytes += size_of(position);
        }
        failed_batches += bytes > limit ? 1 : 0;
        for (const auto position : batch) {
            const Answer answer = bytes > limit ? Answer::too_large : Answer::acked;
            switch (gate.answered(size_of(position), answer, "", at(now))) {
            case Fate::delivered: delivered.insert(position); break;
            case Fate::retry: waiting.insert(position); break;
            default: dropped.insert(position);
            }
        }
    }
};

} // namespace

TEST_CASE("only the culprits are lost, and they are found in a few rounds") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        PickyTopic topic{.limit = 1'000'000, .sizes = std::vector<std::size_t>(3000, 300), .seed = seed};
        topic.sizes[seed * 100] = 1'000'001;
        topic.sizes[2500] = 2'000'000;
        topic.run();
        CHECK(topic.dropped == std::set<std::uint64_t>{seed * 100 + 1, 2501});
        CHECK(topic.delivered.size() == 2998);
        CHECK(topic.rounds < 150); // one by one it would be 3000
    }
}

TEST_CASE("a topic with a limit below our batches loses nothing") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        PickyTopic topic{.limit = 20'000, .sizes = std::vector<std::size_t>(20'000, 300), .seed = seed};
        topic.run();
        CHECK(topic.dropped.empty());
        CHECK(topic.delivered.size() == 20'000);
        CHECK(topic.failed_batches < 40); // the smaller groups are kept for a while
    }
}

TEST_CASE("after a culprit the groups are soon large again") {
    TopicGate gate(probe_ms);
    for (int i = 0; i < 1000; ++i) {
        gate.sent(1000, 0);
    }
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        gate.answered(1000, Answer::too_large, "", at(0));
    }
    const auto send_group = [&](Answer answer) {
        std::uint64_t count = 0;
        while (count < 5000 && gate.admits(1000, 0)) {
            gate.sent(1000, 0);
            ++count;
        }
        for (std::uint64_t i = 0; i < count; ++i) {
            gate.answered(1000, answer, "", at(0));
        }
        return count;
    };
    CHECK(send_group(Answer::too_large) == 500);
    while (send_group(Answer::too_large) > 1) {
    }
    int rounds = 0;
    while (send_group(Answer::acked) < 5000) {
        REQUIRE(++rounds < 20);
    }
}
