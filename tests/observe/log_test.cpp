#include "observe/log.hpp"

#include "support/fake_clock.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

namespace agent::observe {
namespace {

using test::FakeClock;

// A log that writes into a pipe.
class Written {
  public:
    explicit Written(Level level = Level::info, bool for_systemd = false)
        : write_end_(open_pipe()), log(level, clock, for_systemd, write_end_) {}
    ~Written() {
        close(ends_[0]);
        close(ends_[1]);
    }
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;

    // What came since the last call.
    std::string take() {
        std::string text;
        std::array<char, 4096> part{};
        for (auto size = ::read(ends_[0], part.data(), part.size()); size > 0;
             size = ::read(ends_[0], part.data(), part.size())) {
            text.append(part.data(), static_cast<std::size_t>(size));
        }
        return text;
    }

  private:
    int open_pipe() {
        REQUIRE(pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC) == 0);
        return ends_[1];
    }

    std::array<int, 2> ends_{};
    int write_end_;

  public:
    FakeClock clock;
    Log log;
};

TEST_CASE("a line has the time, the level and the text") {
    Written written;
    written.log.info("ready listen=127.0.0.1:18126");
    CHECK(written.take() == "2025-11-21T18:40:31.250Z info ready listen=127.0.0.1:18126\n");
    written.clock.set_unix_ms(1'000'000'000'007);
    written.log.error("e");
    written.log.warning("w");
    CHECK(written.take() == "2001-09-09T01:46:40.007Z error e\n2001-09-09T01:46:40.007Z warning w\n");
}

TEST_CASE("under systemd a line begins with the number of its level") {
    Written written(Level::debug, true);
    written.log.error("e");
    written.log.warning("w");
    written.log.info("i");
    written.log.debug("d");
    CHECK(written.take() == "<3>e\n<4>w\n<6>i\n<7>d\n"); // sd-daemon(3)
}

TEST_CASE("what is less than the level is not written") {
    struct Row {
        Level level;
        const char* text;
    };
    for (const auto& [level, text] :
         {Row{Level::error, "<3>e\n"}, Row{Level::warning, "<3>e\n<4>w\n"}, Row{Level::info, "<3>e\n<4>w\n<6>i\n"},
          Row{Level::debug, "<3>e\n<4>w\n<6>i\n<7>d\n"}}) {
        Written written(level, true);
        written.log.error("e");
        written.log.warning("w");
        written.log.info("i");
        written.log.debug("d");
        CHECK(written.take() == text);
    }
}

TEST_CASE("a message is one line, whatever is in it") {
    Written written(Level::info, true);
    written.log.info("a\nb\n\nc");
    CHECK(written.take() == "<6>a b  c\n");
}

TEST_CASE("a message that is repeated is counted, and the count is told when it is written next") {
    Written written(Level::info, true);
    written.log.warning("again");
    CHECK(written.take() == "<4>again\n");
    for (int i = 0; i < 5; ++i) {
        written.clock.advance(1999);
        written.log.warning("again");
    }
    CHECK(written.take().empty());
    written.log.warning("another"); // not held back by the first
    CHECK(written.take() == "<4>another\n");
    written.clock.advance(5); // ten seconds since it was written
    written.log.warning("again");
    CHECK(written.take() == "<4>again (and 5 times more since)\n");
    written.clock.advance(Log::repeat_ms);
    written.log.warning("again");
    CHECK(written.take() == "<4>again\n");
}

TEST_CASE("repetition goes by the clock that nobody sets") {
    Written written(Level::info, true);
    written.log.info("m");
    written.clock.set_unix_ms(FakeClock::start_unix_ms + 1'000'000);
    written.log.info("m");
    CHECK(written.take() == "<6>m\n");
}

TEST_CASE("messages without end take no memory without end") {
    Written written(Level::info, true);
    for (std::size_t i = 0; i < Log::max_remembered; ++i) {
        written.log.info("m" + std::to_string(i));
        written.take();
    }
    written.log.info("m0"); // the table was full: all are forgotten
    CHECK(written.take() == "<6>m0\n");
    written.log.info("m0");
    CHECK(written.take().empty());
}

TEST_CASE("a broken standard error is not the end") {
    FakeClock clock;
    Log log(Level::info, clock, false, -1);
    log.error("nobody hears this");
}

TEST_CASE("the words of --log-level") {
    auto level = Level::info;
    CHECK((parse_level("error", level) && level == Level::error));
    CHECK((parse_level("warning", level) && level == Level::warning));
    CHECK((parse_level("info", level) && level == Level::info));
    CHECK((parse_level("debug", level) && level == Level::debug));
    for (const char* word : {"", "Info", "warn", "trace", "3", "info "}) {
        CHECK(!parse_level(word, level));
    }
}

} // namespace
} // namespace agent::observe
