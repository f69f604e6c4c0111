// Agents that share a state directory, whatever happens to them (tests/support/journal_player.hpp): what was promised
// is delivered, nothing is counted twice, the ledgers add up, and in the end nothing is left on the disk.
#include "support/effort.hpp"
#include "support/journal_player.hpp"

#include <cstdint>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

using journal::Fsync;
using test::JournalPlan;

void play(unsigned all_seeds, const JournalPlan& plan) {
    const unsigned seeds = test::effort(all_seeds);
    std::uint64_t promised = 0;
    std::uint64_t recovered = 0;
    std::uint64_t dropped = 0;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        test::JournalPlayer player(seed, plan);
        player.play();
        player.model.check(player.dropped == 0);
        CHECK((player.damaged == 0 || plan.loses_power));
        promised += player.model.promised_lines;
        recovered += player.recovered;
        dropped += player.dropped;
    }
    CHECK(promised > 10 * seeds); // it was worth while
    CHECK(recovered > 10 * seeds);
    CHECK((dropped != 0) == (plan.is_tight));
}

TEST_CASE("killed at any moment: what was promised comes, and once") {
    play(200, {});
}

TEST_CASE("killed at any moment, with fdatasync before each promise, or without any") {
    play(50, {.fsync = Fsync::always});
    play(50, {.fsync = Fsync::never});
}

TEST_CASE("killed at any moment, with a disk that fails now and then") {
    play(150, {.disk_fails = true});
    play(50, {.fsync = Fsync::always, .disk_fails = true});
}

TEST_CASE("killed at any moment, with a small budget: what is not delivered is counted") {
    play(100, {.is_tight = true});
    play(50, {.disk_fails = true, .is_tight = true});
}

TEST_CASE("the power fails: with --fsync always what was promised comes, and once") {
    play(150, {.fsync = Fsync::always, .loses_power = true});
    play(50, {.fsync = Fsync::always, .loses_power = true, .disk_fails = true});
}

} // namespace
} // namespace agent::app
