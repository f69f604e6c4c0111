// The same bytes give the same samples, the same replies and the same ledger, however they are cut.
#include "core/limits.hpp"
#include "listen/conversation.hpp"
#include "support/talk.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

using test::Talk;
using test::TalkWorld;
using namespace std::string_literals;

struct Outcome {
    std::vector<test::SeenLine> lines;
    std::string replies;
    std::uint64_t received = 0;
    std::uint64_t accepted = 0;
    std::array<std::uint64_t, core::reject_reason_count> rejected{};
    bool is_over = false;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Cuts are where a chunk ends.
Outcome outcome(const std::string& stream, const std::vector<std::size_t>& cuts) {
    TalkWorld world;
    world.sink.judge = [](aggregate::Entry& entry) {
        return entry.line.metric.ends_with('7') ? mabs::LineError{core::RejectReason::too_many_series, 5, 1}
                                                : mabs::LineError{};
    };
    Talk talk(world);
    std::string replies;
    std::size_t from = 0;
    for (const auto to : cuts) {
        replies += talk.ask(std::string_view(stream).substr(from, to - from));
        from = to;
    }
    replies += talk.ask(std::string_view(stream).substr(from));
    replies += talk.end();
    CHECK(world.ledger.received_lines == world.ledger.accepted_lines + world.ledger.rejected_total());
    CHECK(world.ledger.accepted_lines == world.sink.lines.size());
    return {world.sink.lines,
            replies,
            world.ledger.received_lines,
            world.ledger.accepted_lines,
            world.ledger.rejected_lines,
            talk.conversation.is_over()};
}

std::string mixed_stream(std::mt19937& random, int lines) {
    const std::string kinds[] = {
        "mabs counter http.requests 1 status=200",
        "mabs  g\tm7 1763750400 -2.5 a=b by_node=True ",
        "put proc.load 1763750400 1.5 host=a",
        "mabs s db.ms 12.5",
        "mabs h db.ms AAAA= x=y",
        "",
        "  \t",
        "foo bar",
        "mabs c m x",
        "mabs c m 1 \x01",
        "mabs c m 1 a=\xFF",
        "put Größe 1763750400 1 été=日本",
        "mabs c m\0n 1"s,
        "mabs c m 1\r",
        "sync t",
        "sync",
        "version",
        "stats",
    };
    std::string stream;
    for (int i = 0; i < lines; ++i) {
        stream += kinds[random() % std::size(kinds)];
        if (random() % 150 == 0) {
            stream += std::string(core::limits::max_line_bytes - 50 + random() % 100, 'y');
        }
        stream += random() % 4 == 0 ? "\r\n" : "\n";
    }
    return stream;
}

std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t size, std::size_t most) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < size;) {
        at += random() % most; // an empty chunk now and then
        cuts.push_back(std::min(at, size));
    }
    return cuts;
}

TEST_CASE("however a mixed stream is cut") {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        auto stream = mixed_stream(random, 300);
        if (seed % 3 == 0) {
            stream += "mabs c cut 1"; // and no LF
        }
        if (seed % 4 == 0) {
            stream.insert(stream.find('\n', stream.size() / 2) + 1, "quit\n");
        }
        const auto whole = outcome(stream, {});
        CHECK(whole.accepted > 10);
        CHECK(whole.received > whole.accepted);
        CHECK(whole.is_over == (seed % 4 == 0));
        for (int round = 0; round < 12; ++round) {
            const auto most = std::size_t{200} << (round % 10);
            REQUIRE(outcome(stream, random_cuts(random, stream.size(), most)) == whole);
        }
    }
}

TEST_CASE("one byte at a time") {
    std::mt19937 random(99);
    std::string stream;
    while (stream.size() < 4000) {
        const auto more = mixed_stream(random, 1);
        stream += more.size() < 1000 ? more : "";
    }
    std::vector<std::size_t> cuts;
    for (std::size_t at = 1; at < stream.size(); ++at) {
        cuts.push_back(at);
    }
    CHECK(outcome(stream, cuts) == outcome(stream, {}));
}

TEST_CASE("every single cut of a short stream") {
    const auto stream = "mabs c a 1\r\nfoo\n\nsync x\nput b 1763750400 2\r\n\r\nmabs c a\xC3\xA9 1\nversion\nbar"s;
    const auto whole = outcome(stream, {});
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        CHECK(outcome(stream, {at}) == whole);
    }
}

} // namespace
} // namespace agent::listen
