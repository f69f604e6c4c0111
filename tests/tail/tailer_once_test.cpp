// Files are shipped as they are, to their ends, and that is all.
#include "support/tail_rig.hpp"
#include "tail/tailer.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

namespace agent::tail {
namespace {

using Values = std::vector<std::string>;
using test::TailRig;

Values sorted(Values values) {
    std::ranges::sort(values);
    return values;
}

class OnceRig : public TailRig {
  public:
    explicit OnceRig(bool is_kept = false) {
        options.is_once = true;
        keeps_state = is_kept;
    }

    void ship(const std::vector<std::string>& names) {
        tail::StreamOptions stream;
        stream.name = stream.topic = "t";
        for (const auto& name : names) {
            stream.include.push_back(glob(PathGlob::escape(path(name))));
        }
        REQUIRE(start({stream}));
        for (const auto& name : names) {
            tailer->streams().front()->look_at(path(name));
        }
    }
    bool is_done() const { return tailer->is_done(); }
};

TEST_CASE("once: all of it, the last line too, then it is done") {
    OnceRig rig;
    rig.write("a.log", "one\ntwo");
    rig.write("a.log.1", "old\n"); // a file like any other, and no copy under way
    rig.write("other.log", "no\n");
    rig.ship({"a.log", "a.log.1"});
    CHECK_FALSE(rig.is_done());
    rig.topic.room = 1;
    for (int i = 0; i < 100; ++i) {
        rig.tailer->beat();
        rig.reader.step();
        rig.tailer->pump();
    }
    CHECK(rig.topic.waiting() == 1);
    CHECK_FALSE(rig.is_done()); // not before the last answer
    rig.topic.room = 1000;
    rig.settle();
    CHECK(rig.is_done());
    CHECK(sorted(rig.values()) == Values{"old", "one", "two"});
    CHECK(std::filesystem::is_empty(rig.directory / "state"));
}

TEST_CASE("once: a file that looks like the beginning of another is shipped too") {
    OnceRig rig;
    rig.write("a.log", "one\ntwo\n");
    rig.write("a.log.1", "one\n");
    rig.ship({"a.log", "a.log.1"});
    rig.settle();
    CHECK(rig.is_done());
    CHECK(sorted(rig.values()) == Values{"one", "one", "two"});
}

TEST_CASE("once: the same file has the same uid in every run, without state") {
    OnceRig rig;
    rig.write("a.log", "one\n");
    rig.write("b.log", "one\n");
    rig.ship({"a.log", "b.log"});
    rig.settle();
    REQUIRE(rig.topic.files.size() == 2);
    rig.kill();
    rig.rename("a.log", "c.log");
    rig.ship({"c.log", "b.log"});
    rig.settle();
    CHECK(rig.is_done());
    CHECK(rig.values().size() == 4);
    CHECK(rig.topic.files.size() == 2);
    CHECK(rig.topic.faults.empty());
}

TEST_CASE("once, with state: it goes on where it left") {
    OnceRig rig(true);
    rig.write("a.log", "one\n");
    rig.ship({"a.log"});
    rig.run_out(3000);
    CHECK(rig.is_done());
    rig.tailer->begin_close();
    rig.run_out(3000);
    CHECK(rig.tailer->is_closed());
    rig.kill();
    rig.write("a.log", "two\n");
    rig.ship({"a.log"});
    rig.run_out(3000);
    CHECK(rig.is_done());
    CHECK(rig.values() == Values{"one", "two"});
    CHECK(rig.topic.files.size() == 1);
}

TEST_CASE("once: an empty file is done, one that is not there is named") {
    OnceRig rig;
    rig.write("empty.log", "");
    rig.ship({"empty.log", "missing.log"});
    rig.settle();
    CHECK(rig.is_done());
    const auto messages = rig.tailer->take_messages();
    REQUIRE(messages.size() == 1);
    CHECK(messages.front().find(rig.path("missing.log") + ": no such file") != std::string::npos);
}

TEST_CASE("once: a hole at the end does not keep it from being done") {
    OnceRig rig;
    rig.write("a.log", "one\ntw");
    std::filesystem::resize_file(rig.path("a.log"), 3 << 20);
    rig.ship({"a.log"});
    rig.run_out(3000);
    CHECK(rig.is_done());
    REQUIRE(rig.values().size() == 2);
    CHECK(rig.values().back().starts_with("tw"));
    CHECK(rig.tailer->streams().front()->stats().skipped[0].bytes > 2 << 20);
}

TEST_CASE("a pipe: records as they come, the rest at its end") {
    OnceRig rig;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const auto send = [&](std::string_view text) {
        REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    };
    tail::StreamOptions stream;
    stream.name = stream.topic = "t";
    REQUIRE(rig.start({stream}));
    rig.tailer->streams().front()->add_pipe(Descriptor(ends[0]), "-");
    const auto work = [&] {
        for (int i = 0; i < 8; ++i) { // each step may wait a moment for bytes
            rig.tailer->beat();
            rig.reader.step();
            rig.topic.answer(forward::Fate::delivered);
            rig.tailer->pump();
        }
    };
    send("one\ntw");
    work();
    CHECK(rig.values() == Values{"one"});
    send("o\n" + std::string(30'000, 'x'));
    work();
    CHECK(rig.values() == Values{"one", "two"});
    CHECK_FALSE(rig.is_done());
    send("\nlast");
    ::close(ends[1]);
    rig.settle();
    CHECK(rig.is_done());
    CHECK(rig.values() == Values{"one", "two", std::string(30'000, 'x'), "last"});
    REQUIRE(rig.topic.files.size() == 1);
    CHECK(rig.topic.files.begin()->second.bytes == "one\ntwo\n" + std::string(30'000, 'x') + "\nlast");
}

} // namespace
} // namespace agent::tail
