#include "tail/tailer.hpp"

#include "support/tail_rig.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using Values = std::vector<std::string>;
using test::TailRig;

TEST_CASE("lines that are there and lines that come") {
    TailRig rig;
    rig.write("a.log", "one\ntwo\r\n\nthr");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    CHECK(rig.values() == Values{"one", "two\r", ""});
    rig.write("a.log", "ee\n");
    rig.settle();
    CHECK(rig.values() == Values{"one", "two\r", "", "three"});
    REQUIRE(rig.topic.files.size() == 1);
    CHECK(rig.topic.files.begin()->second.bytes == "one\ntwo\r\n\nthree\n");
    CHECK(rig.topic.faults.empty());
}

TEST_CASE("renamed: the old one is read to its end, its last line too, the new one from its beginning") {
    TailRig rig;
    rig.write("a.log", "one\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    rig.write("a.log", "two\n");
    rig.rename("a.log", "a.log.1");
    rig.write("a.log.1", "three");
    rig.write("a.log", "four\n");
    rig.run_out();
    auto values = rig.values();
    std::ranges::sort(values);
    CHECK(values == Values{"four", "one", "three", "two"});
    CHECK(rig.topic.files.size() == 2);
}

TEST_CASE("copied and cut short: what was not read is read from the copy, as the same file") {
    for (const std::string pattern : {"a.log", "a.log*"}) {
        CAPTURE(pattern);
        TailRig rig;
        rig.write("a.log", "one\n");
        REQUIRE(rig.start({rig.stream(pattern)}));
        rig.settle();
        rig.write("a.log", "two\n");
        rig.copy("a.log", "a.log.1");
        rig.truncate("a.log");
        rig.write("a.log", "a longer one than all of before\n");
        rig.run_out();
        CHECK(rig.values() == Values{"one", "two", "a longer one than all of before"});
        CHECK(rig.topic.files.size() == 2);
        CHECK(rig.topic.faults.empty());
    }
}

TEST_CASE("it goes on where it was, after a kill and a rotation") {
    TailRig rig;
    rig.write("a.log", "one\ntwo\n");
    REQUIRE(rig.start({rig.stream("a.log")}));
    rig.settle();
    rig.advance(2000);
    rig.settle();
    rig.kill();
    rig.write("a.log", "three\n");
    rig.rename("a.log", "a.log.1");
    rig.write("a.log", "four\n");
    REQUIRE(rig.start());
    rig.run_out();
    CHECK(rig.values() == Values{"one", "two", "three", "four"});
    CHECK(rig.topic.files.size() == 2);
}

TEST_CASE("a copy that lacks the last lines is known, though all that was read was read at once") {
    TailRig rig;
    rig.write("a.log", "one\ntwo\nthree\nfour\n");
    rig.copy("a.log", "copy");
    rig.write("a.log", "after the copy\n");
    REQUIRE(rig.start({rig.stream("a.log*")}));
    rig.settle();
    rig.advance(2000);
    rig.settle();
    rig.kill();
    rig.rename("copy", "a.log.1");
    rig.truncate("a.log");
    rig.write("a.log", "new\n");
    REQUIRE(rig.start());
    rig.run_out();
    CHECK(rig.values() == Values{"one", "two", "three", "four", "after the copy", "new"});
}

} // namespace
} // namespace agent::tail
