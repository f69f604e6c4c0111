// When errors are answered. A client that closes without having read would lose what it still had queued, so errors
// are held back until they can do no harm.
#include "core/limits.hpp"
#include "listen/conversation.hpp"
#include "support/talk.hpp"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

using core::RejectReason;
using test::Talk;
using test::TalkWorld;

std::string repeat(const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

TEST_CASE("an error names the line, the code and what is wrong") {
    TalkWorld world;
    Talk talk(world);
    talk.send("mabs c a 1\n\nmabs counter a b.c\n");
    CHECK(talk.end() == "error 3 bad_value: counter wants a decimal integer (int64), got \"b.c\"\n");
}

TEST_CASE("the sink's errors are told with their detail, and the detail goes with its line") {
    TalkWorld world;
    world.sink.judge = [](aggregate::Entry& entry) {
        if (entry.line.metric != "bad") {
            return mabs::LineError{};
        }
        entry.detail = "the detail";
        return mabs::LineError{RejectReason::bad_digest, 9, 4};
    };
    Talk talk(world);
    talk.send("mabs h bad AAAA\nmabs c a x\nmabs c a 1\n");
    talk.send("mabs c a y\n");
    CHECK(talk.end() ==
          "error 1 bad_digest: \"d AA\" is not a serialized t-digest: the detail\n"
          "error 2 bad_value: counter wants a decimal integer (int64), got \"x\"\n"
          "error 4 bad_value: counter wants a decimal integer (int64), got \"y\"\n");
}

// A detail explains the sink's error; when a bad byte outranks that one, it would explain the wrong thing.
TEST_CASE("the detail of an error that was outranked is not told") {
    TalkWorld world;
    world.sink.judge = [](aggregate::Entry& entry) {
        entry.detail = "the detail";
        return mabs::LineError{RejectReason::bad_base64, 9, 4};
    };
    Talk talk(world);
    talk.send("mabs h m AAAA\x01\n");
    CHECK(talk.end() == "error 1 control_character: \"\\x01\" is a control character\n");
    CHECK(world.rejected(RejectReason::control_character) == 1);
    CHECK(world.rejected(RejectReason::bad_base64) == 0);
}

TEST_CASE("errors are not answered while the client only sends") {
    TalkWorld world;
    Talk talk(world);
    for (int i = 0; i < 100; ++i) {
        CHECK(talk.ask("foo\nmabs c a 1\nput a b c\n").empty());
    }
    CHECK(world.ledger.rejected_total() == 200);
}

TEST_CASE("errors are answered when the client has half-closed, once") {
    TalkWorld world;
    Talk talk(world);
    talk.send("foo\nput a b c\n");
    CHECK(talk.end() ==
          "error 1 unknown_command: \"foo\" is no command; \"help\" lists them\n"
          "error 2 bad_timestamp: \"b\" is no timestamp: 10 digits (seconds) or 13 (milliseconds); it comes before the "
          "value\n");
    CHECK(talk.take().empty());
}

TEST_CASE("errors are answered before the answer to any command, once") {
    for (const std::string command : {"sync x", "stats", "help", "version", "quit", "exit"}) {
        CAPTURE(command);
        TalkWorld world;
        Talk quiet(world);
        const auto answer = quiet.ask(command + "\n");
        Talk talk(world);
        talk.send("foo\n");
        const auto both = talk.ask(command + "\n");
        CHECK(both.starts_with("error 1 unknown_command: "));
        const auto after = both.substr(both.find('\n') + 1);
        CHECK(!after.starts_with("error "));
        if (command != "sync x") { // which counts the wrong line
            CHECK(after == answer);
        }
        CHECK(talk.end().empty());
    }
}

TEST_CASE("a wrong command is an error, and no reason to answer others") {
    TalkWorld world;
    Talk talk(world);
    CHECK(talk.ask("foo\nsync\nhelp me\n").empty());
    CHECK(count_of(talk.end(), "error ") == 3);
}

TEST_CASE("an error behind the command waits for the next one") {
    TalkWorld world;
    Talk talk(world);
    CHECK(talk.ask("sync a\nfoo\n") == "ok a accepted=0 rejected=0 durable=0\n");
    CHECK(talk.ask("sync b\n") ==
          "error 2 unknown_command: \"foo\" is no command; \"help\" lists them\n"
          "ok b accepted=0 rejected=1 durable=0\n");
}

TEST_CASE("twenty errors of a batch are told, the rest is a number") {
    TalkWorld world;
    Talk talk(world);
    talk.send(repeat("foo\n", 20));
    auto reply = talk.ask("sync a\n");
    CHECK(count_of(reply, "error ") == 20);
    CHECK(reply.find("suppressed") == std::string::npos);

    talk.send(repeat("foo\n", 21)); // a new batch: twenty again
    reply = talk.ask("sync b\n");
    CHECK(count_of(reply, " unknown_command: ") == 20);
    CHECK(reply.starts_with("error 22 "));
    CHECK(reply.find("error 41 unknown_command") != std::string::npos);
    CHECK(reply.ends_with("\nerror suppressed 1\nok b accepted=0 rejected=41 durable=0\n"));

    talk.send(repeat("foo\n", 5000));
    CHECK(talk.end().ends_with("\nerror suppressed 4980\n"));
    CHECK(world.rejected(RejectReason::unknown_command) == 5041);
}

TEST_CASE("a person typing hears of errors after a silence") {
    TalkWorld world;
    Talk talk(world);
    CHECK(!talk.conversation.wants_silence());
    talk.send("mabs c a 1\n");
    CHECK(!talk.conversation.wants_silence()); // nothing to tell
    talk.send("foo\n");
    CHECK(talk.conversation.wants_silence());
    CHECK(talk.silence().starts_with("error 2 unknown_command: "));
    CHECK(!talk.conversation.wants_silence());
    CHECK(talk.silence().empty());
    talk.send("bar\n");
    CHECK(talk.silence().starts_with("error 3 unknown_command: \"bar\""));
}

TEST_CASE("who has sent 32 lines is no person typing") {
    TalkWorld world;
    Talk typist(world);
    typist.send(repeat("mabs c a 1\n", 30) + "foo\n");
    CHECK(typist.conversation.wants_silence());
    CHECK(typist.silence().starts_with("error 31 "));
    typist.send("foo\n");
    CHECK(!typist.conversation.wants_silence());
    CHECK(typist.silence().empty());
    CHECK(typist.end().starts_with("error 32 "));

    Talk program(world);
    program.send("foo\n" + repeat("mabs c a 1\n", 31));
    CHECK(!program.conversation.wants_silence());
    CHECK(program.silence().empty());
    CHECK(program.end().starts_with("error 1 "));
}

TEST_CASE("who has sent a put, good or bad, is no person typing") {
    for (const std::string put : {"put a 1763750400 1\n", "put a now 1\n", "put\n"}) {
        for (const auto& bytes : {put + "foo\n", "foo\n" + put}) {
            TalkWorld world;
            Talk talk(world);
            talk.send(bytes);
            CHECK(!talk.conversation.wants_silence());
            CHECK(talk.silence().empty());
            CHECK(talk.end().find(" unknown_command: ") != std::string::npos);
        }
    }
}

TEST_CASE("a client that never reads: its replies are bounded, its lines are taken") {
    TalkWorld world;
    Talk talk(world);
    std::uint64_t syncs = 0;
    for (int i = 0; i < 20'000; ++i) {
        talk.send("mabs c a 1\nsync abcdefgh\n");
        ++syncs;
        REQUIRE(talk.conversation.replies().text().size() <= core::limits::max_unsent_bytes);
    }
    CHECK(world.ledger.accepted_lines == 20'000);
    const auto kept = talk.take();
    CHECK(kept.size() > core::limits::max_unsent_bytes - 100);
    CHECK(kept.ends_with(" durable=0\n")); // whole lines only
    CHECK(count_of(kept, "ok abcdefgh ") + world.stats.dropped_replies == syncs);
    CHECK(talk.ask("sync x\n") == "ok x accepted=20000 rejected=0 durable=0\n"); // it reads again
}

// A connection that can still send: one reply at a time.
struct OneReplyAtATime final : ReplySender {
    Conversation* conversation = nullptr;
    std::string sent;

    void send_replies() override {
        auto& replies = conversation->replies();
        const auto size = replies.text().find('\n') + 1;
        sent += replies.text().substr(0, size);
        replies.remove_front(size);
    }
};

TEST_CASE("replies that pile up within one chunk are sent early, where that is possible, and none is dropped") {
    TalkWorld world;
    OneReplyAtATime sender;
    const auto around = world.around(world.sink);
    Conversation conversation(around, "peer", &sender);
    sender.conversation = &conversation;
    constexpr std::size_t syncs = 10'000;
    const auto chunk = repeat("sync abcdefgh\n", syncs);
    conversation.receive(chunk, 0);
    CHECK(world.stats.dropped_replies == 0);
    CHECK(!sender.sent.empty());
    CHECK(conversation.replies().text().size() <= core::limits::max_unsent_bytes);
    CHECK(sender.sent + std::string(conversation.replies().text()) ==
          repeat("ok abcdefgh accepted=0 rejected=0 durable=0\n", syncs));
}

TEST_CASE("stats that would find no room are not made") {
    TalkWorld world;
    Talk talk(world);
    while (talk.conversation.replies().text().size() + 100 < core::limits::max_unsent_bytes) {
        talk.send("sync x\n");
    }
    REQUIRE(world.stats.dropped_replies == 0);
    CHECK(world.info.stats_made == 0);
    talk.send("stats\n");
    CHECK(world.info.stats_made == 0);
    CHECK(world.stats.dropped_replies == 1);
    talk.take();
    CHECK(talk.ask("stats\n").ends_with("\nend\n"));
    CHECK(world.info.stats_made == 1);
}

TEST_CASE("errors that find no room are dropped, counted, and not told later") {
    TalkWorld world;
    Talk talk(world);
    while (world.stats.dropped_replies == 0) {
        talk.send("sync x\n");
    }
    const auto dropped = world.stats.dropped_replies;
    talk.send(repeat("foo\n", 25));
    talk.send("version\n");
    CHECK(world.stats.dropped_replies > dropped);
    talk.take();
    CHECK(talk.ask("sync y\n") == "ok y accepted=0 rejected=25 durable=0\n");
}

} // namespace
} // namespace agent::listen
