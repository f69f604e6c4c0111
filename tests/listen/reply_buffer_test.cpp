// Unsent replies: bounded for one connection and for all, and one reply always finds room.
#include "listen/reply_buffer.hpp"

#include "core/limits.hpp"

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

} // namespace
} // namespace agent::listen
