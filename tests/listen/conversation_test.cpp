#include "listen/conversation.hpp"

#include "listen/help_text.hpp"
#include "support/talk.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

using core::RejectReason;
using test::Talk;
using test::TalkWorld;
using namespace std::string_literals;

std::vector<std::string> texts(const TalkWorld& world) {
    std::vector<std::string> list;
    for (const auto& line : world.sink.lines) {
        list.push_back(line.text);
    }
    return list;
}

TEST_CASE("good lines go to the sink in their order, without a word") {
    TalkWorld world;
    Talk talk(world);
    CHECK(talk.ask("mabs c a 1\nput b 1763750400 2 x=y\n\nmabs g c 3.5").empty());
    CHECK(talk.ask("e1\r\n").empty());
    CHECK(texts(world) == std::vector<std::string>{"mabs c a 1", "put b 1763750400 2 x=y", "mabs g c 3.5e1"});
    CHECK(world.sink.lines[1].metric == "b");
    CHECK(world.sink.lines[1].timestamp_ms == 1'763'750'400'000);
    CHECK(world.sink.lines[1].tail == "x=y");
    CHECK(talk.end().empty());
    CHECK(world.ledger.received_lines == 3);
    CHECK(world.ledger.accepted_lines == 3);
    CHECK(world.ledger.rejected_total() == 0);
}

TEST_CASE("a line without a timestamp gets the time of its arrival") {
    TalkWorld world;
    Talk talk(world);
    talk.send("mabs c a 1\n");
    world.clock.advance(1234);
    talk.send("mabs c a 1\n");
    CHECK(world.sink.lines[0].timestamp_ms == test::FakeClock::start_unix_ms);
    CHECK(world.sink.lines[1].timestamp_ms == test::FakeClock::start_unix_ms + 1234);
}

TEST_CASE("the window of timestamps moves with the clock") {
    TalkWorld world;
    Talk talk(world);
    const auto line = "mabs c a " + std::to_string(test::FakeClock::start_unix_ms) + " 1\n";
    talk.send(line);
    world.clock.advance(core::limits::max_age_ms);
    talk.send(line);
    CHECK(world.ledger.accepted_lines == 2);
    world.clock.advance(1);
    talk.send(line);
    CHECK(world.rejected(RejectReason::timestamp_too_old) == 1);
}

TEST_CASE("sync answers with its token and the counts of this connection so far") {
    TalkWorld world;
    Talk talk(world);
    CHECK(talk.ask("sync one\n") == "ok one accepted=0 rejected=0 durable=0\n");
    CHECK(talk.ask("mabs c a 1\nmabs c a 1\nsync two\nmabs c a 1\n") == "ok two accepted=2 rejected=0 durable=0\n");
    talk.send("foo\nmabs c a x\n");
    const auto answer = talk.ask("sync é=\"\n");
    CHECK(answer.ends_with("\nok é=\" accepted=3 rejected=2 durable=0\n"));
    world.journal.safety_now = listen::Safety::durable;
    CHECK(talk.ask("sync 4\n") == "ok 4 accepted=3 rejected=2 durable=1\n");
}

TEST_CASE("what is answered behind a sync waits with it") {
    TalkWorld world;
    world.journal.let_go = 0;
    Talk talk(world);
    auto& replies = talk.conversation.replies();
    talk.send("foo\nmabs c a 1\nsync one\nbar\nmabs c a 1\nsync two\nsync three\nbaz\nversion\n");
    CHECK(world.journal.last_ticket == 3);
    CHECK(world.ledger.accepted_lines == 2); // only the answers wait
    CHECK(replies.text().starts_with("error 1 "));
    CHECK(replies.text().find("bar") == std::string_view::npos);
    replies.remove_front(replies.text().size());
    world.journal.safety_now = listen::Safety::durable;
    replies.settle(world.journal);
    CHECK(replies.text().empty());
    world.journal.let_go = 1;
    replies.settle(world.journal);
    CHECK(replies.text().starts_with("ok one accepted=1 rejected=1 durable=1\nerror 4 "));
    CHECK(replies.text().find("sync two") == std::string_view::npos);
    world.journal.safety_now = listen::Safety::not_durable;
    world.journal.let_go = 3;
    replies.settle(world.journal);
    const std::string all(replies.text());
    CHECK(all.find("ok two accepted=2 rejected=2 durable=0\nok three accepted=2 rejected=2 durable=0\nerror 8 ") !=
          std::string::npos);
}

TEST_CASE("a line that only the sink refuses counts as rejected") {
    TalkWorld world;
    world.sink.judge = [](aggregate::Entry& entry) {
        return entry.line.metric == "no" ? mabs::LineError{RejectReason::overloaded, 0, 0} : mabs::LineError{};
    };
    Talk talk(world);
    CHECK(
        talk.ask("mabs c a 1\nmabs c no 1\nmabs c a 1\nsync x\n").ends_with("ok x accepted=2 rejected=1 durable=0\n"));
    CHECK(world.rejected(RejectReason::overloaded) == 1);
    CHECK(world.ledger.received_lines == 3);
}

TEST_CASE("connections count for themselves, the ledger for all") {
    TalkWorld world;
    Talk one(world, "one");
    Talk two(world, "two");
    one.send("mabs c a 1\nmabs c a 1\nba");
    two.send("mabs c a 1\nfoo\nmabs c");
    one.send("d\n");
    two.send(" a 1\n");
    CHECK(one.ask("sync 1\n").ends_with("ok 1 accepted=2 rejected=1 durable=0\n"));
    CHECK(two.ask("sync 2\n").ends_with("ok 2 accepted=2 rejected=1 durable=0\n"));
    CHECK(world.ledger.received_lines == 6);
    CHECK(world.ledger.accepted_lines == 4);
    CHECK(world.rejected(RejectReason::unknown_command) == 2);
    CHECK(world.sink.peers == std::vector<std::string>{"one", "two", "one", "two"});
}

TEST_CASE("commands and blank lines are neither accepted nor rejected, but lines all the same") {
    TalkWorld world;
    Talk talk(world);
    talk.send("\n \t\r\nsync a\nhelp\nversion\nstats\n\n");
    talk.take();
    CHECK(world.ledger.received_lines == 0);
    CHECK(talk.ask("foo\nsync b\n").starts_with("error 8 unknown_command: "));
    CHECK(world.ledger.received_lines == 1);
    CHECK(world.sink.lines.empty());
}

TEST_CASE("help, version and stats") {
    TalkWorld world;
    Talk talk(world);
    CHECK(talk.ask("help\n") == help_text);
    CHECK(talk.ask("version\n") == "metrics-agent 1.2.3\n");
    CHECK(talk.ask("stats\n") == "received_lines 7\naccepted_lines 7\nend\n");
    for (const std::string word : {"mabs counter|c", "put <metric>", "sync", "stats", "version", "help", "quit"}) {
        CHECK(help_text.find(word) != std::string_view::npos);
    }
}

TEST_CASE("a command sees every line before it, whatever is in the batch") {
    for (std::size_t before = 0; before <= 70; ++before) {
        TalkWorld world;
        Talk talk(world);
        std::string bytes;
        for (std::size_t i = 0; i < before; ++i) {
            bytes += "mabs c a 1\n";
        }
        CHECK(talk.ask(bytes + "sync x\nmabs c a 1\n") ==
              "ok x accepted=" + std::to_string(before) + " rejected=0 durable=0\n");
        CHECK(world.sink.lines.size() == before + 1);
        for (const auto size : world.sink.batch_sizes) {
            CHECK(size <= aggregate::max_batch);
        }
    }
}

TEST_CASE("quit ends it: what comes after does not count") {
    for (const std::string word : {"quit", "exit"}) {
        TalkWorld world;
        Talk talk(world);
        const auto replies = talk.ask("mabs c a 1\nfoo\n" + word + "\nmabs c a 1\nbar\nsync x\n");
        CHECK(talk.conversation.is_over());
        CHECK(replies.starts_with("error 2 unknown_command: "));
        CHECK(replies.find("ok x") == std::string::npos);
        CHECK(talk.ask("mabs c a 1\nsync y\n").empty());
        CHECK(talk.end().empty());
        CHECK(world.sink.lines.size() == 1);
        CHECK(world.ledger.received_lines == 2);
        CHECK(world.ledger.rejected_total() == 1);
    }
}

TEST_CASE("what stands behind the last LF is no line") {
    for (const std::string rest : {"m", "mabs c a 1", "mabs c a 1\r", "sync x", "quit", "put a 1763750400 1"}) {
        TalkWorld world;
        Talk talk(world);
        talk.send("mabs c a 1\n" + rest);
        CHECK(talk.end().starts_with("error 2 unterminated_line: "));
        CHECK(world.sink.lines.size() == 1);
        CHECK(world.rejected(RejectReason::unterminated_line) == 1);
        CHECK(world.ledger.received_lines == 2);
        CHECK(world.ledger.rejected_total() == 1);
    }
}

// A line that was cut inside a character is cut, nothing else.
TEST_CASE("what stands behind the last LF is unterminated whatever bytes it has") {
    for (const std::string& rest : {"mabs c Gr\xC3"s, "mabs c a\x01"s, "\xFF"s, "\0"s}) {
        TalkWorld world;
        Talk talk(world);
        talk.send(rest);
        CHECK(talk.end().starts_with("error 1 unterminated_line: "));
        CHECK(world.rejected(RejectReason::unterminated_line) == 1);
        CHECK(world.ledger.rejected_total() == 1);
    }
}

TEST_CASE("a stream may end cleanly, or have had nothing in it") {
    TalkWorld world;
    Talk talk(world);
    CHECK(talk.end().empty());
    Talk other(world);
    other.send("mabs c a 1\n");
    CHECK(other.end().empty());
    CHECK(world.ledger.received_lines == 1);
}

TEST_CASE("lines that are too long are counted once, in however many chunks they come") {
    TalkWorld world;
    Talk talk(world);
    talk.send("mabs c a 1\nmabs c b 1 x=");
    for (int i = 0; i < 300; ++i) {
        talk.send(std::string(1000, 'x'));
    }
    CHECK(world.ledger.received_lines == 1);
    talk.send("\nmabs c a 2\n");
    CHECK(talk.end() == "error 2 line_too_long: line is longer than 65536 bytes\n");
    CHECK(world.rejected(RejectReason::line_too_long) == 1);
    CHECK(world.ledger.received_lines == 3);
    CHECK(texts(world) == std::vector<std::string>{"mabs c a 1", "mabs c a 2"});
}

TEST_CASE("a line that is too long and never ends is still one rejected line") {
    TalkWorld world;
    Talk talk(world);
    talk.send("mabs c a 1\n" + std::string(65536, 'x'));
    talk.send("x");
    talk.send("x");
    CHECK(talk.end() == "error 2 line_too_long: line is longer than 65536 bytes\n");
    CHECK(world.ledger.received_lines == 2);
    CHECK(world.ledger.rejected_total() == 1);
}

TEST_CASE("a line of 65536 bytes is taken") {
    TalkWorld world;
    Talk talk(world);
    const auto line = "mabs c a 1" + std::string(65536 - 10, ' ');
    talk.send(line + "\n" + line + " \n");
    CHECK(world.ledger.accepted_lines == 1);
    CHECK(world.rejected(RejectReason::line_too_long) == 1);
}

TEST_CASE("nothing of a batch is left for the next conversation") {
    TalkWorld world;
    Talk one(world);
    Talk two(world);
    one.send("mabs c a 1\nfoo\nmabs c a");
    CHECK(world.batch.size == 0);
    two.send("mabs c b 1\n");
    CHECK(two.end().empty());
    CHECK(world.batch.size == 0);
}

TEST_CASE("the peer is who it was made for") {
    TalkWorld world;
    const Talk talk(world, "unix:pid=7,uid=0");
    CHECK(talk.conversation.peer() == "unix:pid=7,uid=0");
}

} // namespace
} // namespace agent::listen
