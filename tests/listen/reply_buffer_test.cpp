// Unsent replies: bounded for one connection and for all, and one reply always finds room.
#include "listen/reply_buffer.hpp"

#include "core/limits.hpp"
#include "support/talk.hpp"

#include <deque>
#include <string>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

namespace limits = core::limits;

void fill(ReplyBuffer& buffer, std::size_t reply_bytes) {
    while (buffer.has_room_for(reply_bytes)) {
        buffer.append(std::string(reply_bytes, 'x'));
    }
}

TEST_CASE("replies go in order, from the front") {
    ListenStats stats;
    ReplyBuffer buffer(stats);
    CHECK(buffer.text().empty());
    buffer.append("one\n");
    buffer.append("two\n");
    buffer.remove_front(2);
    CHECK(buffer.text() == "e\ntwo\n");
    buffer.clear();
    CHECK(buffer.text().empty());
    CHECK(stats.unsent_bytes == 0);
}

TEST_CASE("one connection holds so much and no more") {
    ListenStats stats;
    ReplyBuffer buffer(stats);
    fill(buffer, 100);
    CHECK(buffer.text().size() <= limits::max_unsent_bytes);
    CHECK(buffer.text().size() + 100 > limits::max_unsent_bytes);
    CHECK(stats.unsent_bytes >= buffer.text().size());
    CHECK(stats.unsent_bytes <= 2 * limits::max_unsent_bytes);
    SUBCASE("sent") {
        buffer.remove_front(buffer.text().size());
    }
    SUBCASE("given up") {
        buffer.clear();
    }
    CHECK(stats.unsent_bytes == 0);
}

TEST_CASE("many that do not read share a bound; each keeps its own little, and any one reply") {
    ListenStats stats;
    {
        std::deque<ReplyBuffer> buffers;
        for (std::size_t i = 0; i < 3 * limits::max_all_unsent_bytes / limits::max_unsent_bytes; ++i) {
            fill(buffers.emplace_back(stats), 100);
            REQUIRE(buffers.back().text().size() > limits::own_unsent_bytes - 100);
        }
        CHECK(stats.unsent_bytes <= limits::max_all_unsent_bytes + limits::max_unsent_bytes);
        CHECK(buffers.front().text().size() + 100 > limits::max_unsent_bytes);
        CHECK(buffers.back().text().size() <= limits::own_unsent_bytes);
        auto& newcomer = buffers.emplace_back(stats);
        CHECK(newcomer.has_room_for(limits::max_unsent_bytes / 2));
        newcomer.append(std::string(limits::max_unsent_bytes / 2, 'x'));
        CHECK(!newcomer.has_room_for(1));
        buffers.front().clear(); // it reads again: there is room for others
        CHECK(newcomer.has_room_for(1));
    }
    CHECK(stats.unsent_bytes == 0);
}

TEST_CASE("behind a sync replies wait, in their order, until the journal has it; then the digit is right") {
    ListenStats stats;
    ReplyBuffer buffer(stats);
    test::FakeJournal journal;
    journal.let_go = 0;
    buffer.append("error 1\n");
    buffer.append_sync("ok a 0\n", 1);
    buffer.append("error 2\n");
    buffer.append_sync("ok b 0\n", 2);
    buffer.append_sync("ok c 0\n", 3);
    buffer.append("error 3\n");
    CHECK(buffer.is_waiting());
    CHECK(buffer.text() == "error 1\n");
    buffer.settle(journal);
    CHECK(buffer.text() == "error 1\n");
    buffer.remove_front(3); // a part of it was sent
    journal.let_go = 1;
    journal.safety_now = Safety::durable;
    buffer.settle(journal);
    CHECK(buffer.text() == "or 1\nok a 1\nerror 2\n");
    buffer.remove_front(7);
    CHECK(buffer.text() == " a 1\nerror 2\n");
    journal.safety_now = Safety::not_durable; // the disk fails
    journal.let_go = 3;
    buffer.settle(journal);
    CHECK(buffer.text() == " a 1\nerror 2\nok b 0\nok c 0\nerror 3\n");
    CHECK(!buffer.is_waiting());
    buffer.append_sync("ok d 0\n", 4);
    buffer.clear();
    CHECK(!buffer.is_waiting());
    CHECK(buffer.text().empty());
}

} // namespace
} // namespace agent::listen
