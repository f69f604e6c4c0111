// What connections hold of lines without their LF: short ones are free, long ones share a bound, the oldest goes.
#include "listen/unfinished_lines.hpp"

#include "core/limits.hpp"
#include "listen/conversation.hpp"
#include "support/talk.hpp"

#include <deque>
#include <string>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

namespace limits = core::limits;

struct Room {
    ListenStats stats;
    UnfinishedLines all{stats};
    std::deque<UnfinishedLine> lines;

    UnfinishedLine& add() { return lines.emplace_back(all); }

    void fill(std::size_t line_bytes) {
        while (stats.given_up_lines == 0) {
            add().assign(std::string(line_bytes, 'x'));
        }
    }
};

TEST_CASE("what is assigned and appended is kept") {
    Room room;
    auto& line = room.add();
    line.append("a");
    line.append("bc");
    CHECK(line.text() == "abc");
    line.assign("x");
    CHECK(line.text() == "x");
    line.assign(std::string(5000, 'y'));
    line.append("z");
    CHECK(line.text() == std::string(5000, 'y') + "z");
    line.assign({});
    CHECK(line.text().empty());
    CHECK(!line.take_given_up());
}

TEST_CASE("short lines are nobody's concern, however many") {
    Room room;
    for (std::size_t i = 0; i < 2 * limits::max_unfinished_bytes / limits::short_unfinished_bytes; ++i) {
        room.add().assign(std::string(limits::short_unfinished_bytes, 'x'));
    }
    CHECK(room.stats.unfinished_bytes == 0);
    CHECK(room.stats.given_up_lines == 0);
}

TEST_CASE("long lines are counted while they are there") {
    Room room;
    auto& line = room.add();
    line.assign(std::string(5000, 'x'));
    CHECK(room.stats.unfinished_bytes >= 5000);
    CHECK(room.stats.unfinished_bytes < 12'000);
    line.assign(std::string(6000, 'x'));
    CHECK(room.stats.unfinished_bytes >= 6000);
    CHECK(room.stats.unfinished_bytes < 14'000);
    SUBCASE("finished") {
        line.assign({});
    }
    SUBCASE("followed by a short one") {
        line.assign("mabs");
    }
    SUBCASE("the connection ends") {
        room.lines.pop_back();
    }
    CHECK(room.stats.unfinished_bytes == 0);
    CHECK(room.stats.given_up_lines == 0);
}

TEST_CASE("many long lines stay within the bound, and the one longest under way is given up") {
    Room room;
    room.fill(30'000);
    CHECK(room.stats.unfinished_bytes <= limits::max_unfinished_bytes);
    CHECK(room.lines.size() > limits::max_unfinished_bytes / 60'000);
    CHECK(room.lines.size() <= limits::max_unfinished_bytes / 30'000 + 1);
    CHECK(room.stats.given_up_lines == 1);
    CHECK(room.lines.front().text().empty());
    CHECK(room.lines.front().take_given_up());
    CHECK(!room.lines.front().take_given_up()); // said once
    for (std::size_t i = 1; i < room.lines.size(); ++i) {
        CHECK(room.lines[i].text().size() == 30'000);
        CHECK(!room.lines[i].take_given_up());
    }
}

TEST_CASE("it is the line that has to be old, not its connection, and growing does not make it younger") {
    Room room;
    auto& busy = room.add();
    auto& slow = room.add();
    busy.assign(std::string(30'000, 'x'));
    slow.assign(std::string(30'000, 'x'));
    busy.assign(std::string(30'000, 'y')); // its next line
    slow.append("more");
    room.fill(30'000);
    CHECK(slow.take_given_up());
    CHECK(!busy.take_given_up());
    CHECK(busy.text() == std::string(30'000, 'y'));
}

TEST_CASE("a line may itself be the one that has to go when it grows") {
    Room room;
    auto& line = room.add();
    line.assign(std::string(2000, 'x'));
    while (room.stats.unfinished_bytes + 60'000 < limits::max_unfinished_bytes) {
        room.add().assign(std::string(30'000, 'x'));
    }
    line.append(std::string(60'000, 'x'));
    CHECK(line.take_given_up());
    CHECK(line.text().empty());
    CHECK(room.stats.given_up_lines == 1);
}

// The conversation's side: the rest of such a line is skipped.

bool is_lost(const std::string& reply, std::uint64_t number) {
    return reply.starts_with("error " + std::to_string(number) + " overloaded: ") &&
           reply.find(": it took too long to come while many other long lines did\n") != std::string::npos;
}

TEST_CASE("a line that was given up is skipped up to its LF and rejected once, in any chunks") {
    const std::string rest = "AAAA x=y\nmabs c b 1\nmabs c b x\n";
    for (std::size_t chunk = 1; chunk <= rest.size(); ++chunk) {
        CAPTURE(chunk);
        test::TalkWorld world;
        test::Talk talk(world);
        talk.send("mabs c a 1\nmabs h a AA");
        talk.lose_rest();
        for (std::size_t at = 0; at < rest.size(); at += chunk) {
            talk.send(rest.substr(at, chunk));
        }
        CHECK(world.ledger.accepted_lines == 2);
        CHECK(world.rejected(core::RejectReason::overloaded) == 1);
        CHECK(world.ledger.received_lines == 4);
        const auto replies = talk.end();
        CHECK(is_lost(replies, 2));
        CHECK(replies.find("\nerror 4 bad_value: ") != std::string::npos);
    }
}

TEST_CASE("a line that was given up counts at the end of the stream, too") {
    test::TalkWorld world;
    test::Talk talk(world);
    talk.send("mabs h a AA");
    talk.lose_rest();
    SUBCASE("at once") {}
    SUBCASE("after more of it") {
        talk.send(std::string(200'000, 'A'));
    }
    CHECK(is_lost(talk.end(), 1));
    CHECK(world.ledger.received_lines == 1);
    CHECK(world.rejected(core::RejectReason::overloaded) == 1);
}

} // namespace
} // namespace agent::listen
