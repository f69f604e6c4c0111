#include "support/sibling_rig.hpp"
#include "tail/sibling_search.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace agent::tail {
namespace {

using Names = std::vector<std::string>;
using Rig = test::SiblingRig;
using test::lines;

// A file's time of birth is the order in which they are made, or their modification where there is none.
TEST_CASE("generations nobody saw: oldest first, only of its name, younger, unknown and regular") {
    Rig rig;
    for (const char* const name : {"a.log.3", "a.log.2", "a.log.1", "a.log"}) {
        rig.write(name, std::string(name) + "\n");
    }
    rig.write("b.log.1", "no\n");
    rig.write("a.log.2.gz", "packed\n");
    std::filesystem::create_directory(rig.path("a.log.d"));
    std::filesystem::create_symlink(rig.path("b.log.1"), rig.path("a.log.4"));
    REQUIRE(mkfifo(rig.path("a.log.5").c_str(), 0600) == 0);
    CHECK(rig.generations() == Names{"a.log.3", "a.log.2", "a.log.1"});
    const auto made = made_ns(*facts_of(rig.open("a.log.1").get()));
    CHECK(rig.generations(made + 1).empty());
    rig.note_known("a.log.2");
    CHECK(rig.generations() == Names{"a.log.3", "a.log.1"});
    auto wanted = rig.request();
    CHECK(Rig::names(find_siblings(wanted)).empty()); // not asked for
    wanted.wants_generations = true;
    const auto answer = find_siblings(wanted);
    REQUIRE(answer.compressed.size() == 1);
    CHECK(name_of(answer.compressed.front().path) == "a.log.2.gz");
    CHECK(answer.compressed.front().facts.size_bytes == 7);
    CHECK_FALSE(answer.rest.has_value());
    CHECK_FALSE(answer.is_unseen);
    // However old, where it is known to hold other bytes now.
    wanted.newer_than_ns = made + 1;
    wanted.replaced = {facts_of(rig.open("a.log.3").get())->id};
    CHECK(Rig::names(find_siblings(wanted)) == Names{"a.log.3"});
}

TEST_CASE("the rest of the lost file is no generation, nor is a copy under way") {
    Rig rig;
    rig.write("a.log", lines(0, 50));
    const auto lost = rig.lost({200});
    rig.rename("a.log", "a.log.1");
    rig.write("a.log.2", "seen by nobody\n");
    rig.write("a.log", lines(100, 200));
    rig.write("a.log.9", lines(100, 150)); // as far as it has been copied
    auto wanted = rig.request();
    wanted.lost = lost;
    wanted.wants_generations = true;
    const auto answer = find_siblings(wanted);
    REQUIRE(answer.rest.has_value());
    CHECK(name_of(answer.rest->path) == "a.log.1");
    CHECK(Rig::names(answer) == Names{"a.log.2"});
    rig.write("a.log", "");
    auto all = rig.generations();
    std::ranges::sort(all);
    CHECK(all == Names{"a.log.1", "a.log.2", "a.log.9"});
}

TEST_CASE("generations are as old as they are, whatever their names say") {
    Rig rig;
    const auto made = [&](const std::string& name) { return made_ns(*facts_of(rig.open(name).get())); };
    const auto write_later = [&](const std::string& name, const std::string& than) {
        rig.write(name, "x");
        while (made(name) <= made(than)) { // the file system's clock ticks every few milliseconds
            rig.remove(name);
            rig.write(name, "x");
        }
    };
    rig.write("a.log.2", "x");
    write_later("a.log.7", "a.log.2");
    write_later("a.log.5", "a.log.7");
    CHECK(rig.generations() == Names{"a.log.2", "a.log.7", "a.log.5"});
    CHECK(rig.generations(made("a.log.7")) == Names{"a.log.7", "a.log.5"});
}

TEST_CASE("when a generation was made") {
    FileFacts facts;
    facts.modified_ns = 5;
    CHECK(made_ns(facts) == 5);
    facts.id.birth_ns = 3;
    CHECK(made_ns(facts) == 3);
}

} // namespace
} // namespace agent::tail
