// Random histories of a log that is written, rotated in every way and shipped by agents that are killed at any moment,
// with answers that come late or never: whatever happened, each generation comes as exactly one uid, whole.
#include "support/effort.hpp"
#include "support/tail_rig.hpp"
#include "tail/tailer.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

namespace agent::tail {
namespace {

struct Plan {
    std::string pattern = "a.log";
    bool renames = false;
    bool copies = false;
    bool kills = false;
    bool has_bad_answers = false;
    std::size_t pack_bytes = 0;
};

class Player {
  public:
    Player(unsigned seed, Plan plan) : plan_(std::move(plan)), random_(seed) {
        open_writer();
        auto stream = rig_.stream(plan_.pattern);
        stream.pack_bytes = plan_.pack_bytes;
        REQUIRE(rig_.start({stream}));
    }
    ~Player() { ::close(writer_); }

    void play(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
        }
        write(true);
        end_generation(); // the last one has no other end
        generations_.pop_back();
        expected_ = generations_;
        expected_.push_back(last_);
        rig_.topic.room = 1000;
        rig_.run_out(200'000);
        check();
    }

  private:
    bool chance(unsigned percent) { return random_() % 100 < percent; }

    void open_writer() {
        writer_ = ::open(rig_.path("a.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        REQUIRE(writer_ != -1);
    }

    void write(bool is_whole) {
        const auto lines = 1 + random_() % 5;
        std::string text;
        for (unsigned i = 0; i < lines; ++i) {
            text += "line " + std::to_string(++line_) + std::string(random_() % 200, '.') + "\n";
        }
        if (!is_whole && chance(30)) {
            text.resize(text.size() - 1 - random_() % 5);
        }
        REQUIRE(::write(writer_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        current_ += text;
    }

    void shift_names() {
        for (int i = 30; i >= 1; --i) {
            const auto name = "a.log." + std::to_string(i);
            if (std::filesystem::exists(rig_.path(name))) {
                rig_.rename(name, "a.log." + std::to_string(i + 1));
            }
        }
    }

    void end_generation() {
        last_ = current_;
        generations_.push_back(std::exchange(current_, {}));
    }

    void rename() {
        if (current_.empty()) {
            return;
        }
        shift_names();
        rig_.rename("a.log", "a.log.1");
        maybe_work();
        if (chance(50)) { // it goes on in the old one for a while
            write(false);
            maybe_work();
        }
        end_generation();
        ::close(writer_);
        open_writer();
    }

    void copy() {
        if (current_.empty()) {
            return;
        }
        shift_names();
        maybe_work();
        rig_.copy("a.log", "a.log.1");
        maybe_work();
        rig_.truncate("a.log");
        end_generation();
        if (chance(50)) {
            write(false);
        }
    }

    void maybe_work() {
        for (auto i = random_() % 4; i != 0; --i) {
            work();
        }
    }

    void work() {
        switch (random_() % 8) {
        case 0: rig_.tailer->changed(); break;
        case 1: rig_.advance(20); break;
        case 2: rig_.advance(chance(10) ? 6000 : 300); break;
        case 3: rig_.saver.step(); break;
        case 4: rig_.tailer->pump(); break;
        case 5:
            for (auto i = random_() % 10; i != 0; --i) {
                rig_.topic.answer(plan_.has_bad_answers && chance(10) ? forward::Fate::retry
                                                                      : forward::Fate::delivered);
            }
            break;
        default: rig_.reader.step(); break;
        }
        rig_.topic.room = chance(20) ? random_() % 5 : 1000;
    }

    void step() {
        if (chance(40)) {
            write(false);
        } else if (plan_.renames && chance(3)) {
            rename();
        } else if (plan_.copies && chance(3)) {
            copy();
        } else if (plan_.kills && is_known() && chance(2)) {
            rig_.kill(chance(50));
            while (chance(60)) {
                const auto what = random_() % 3;
                if (what == 0 && plan_.renames) {
                    rename_while_dead();
                } else if (what == 1 && plan_.copies) {
                    copy_while_dead();
                } else {
                    write(false);
                }
            }
            REQUIRE(rig_.start());
        } else {
            work();
        }
    }

    // An agent that never came to write down that there is such a file does not look for its generations.
    bool is_known() const { return std::filesystem::exists(rig_.directory / "state" + "/t.positions"); }

    void rename_while_dead() {
        if (current_.empty()) {
            return;
        }
        shift_names();
        rig_.rename("a.log", "a.log.1");
        end_generation();
        ::close(writer_);
        open_writer();
    }

    void copy_while_dead() {
        if (current_.empty()) {
            return;
        }
        shift_names();
        rig_.copy("a.log", "a.log.1");
        rig_.truncate("a.log");
        end_generation();
    }

    void check() {
        CHECK(rig_.topic.faults == std::vector<std::string>{});
        std::map<std::string, std::string> shipped; // the content, and who has it
        for (const auto& [uid, file] : rig_.topic.files) {
            INFO("uid " << uid << ", " << outline(file.bytes));
            CHECK(file.is_whole());
            auto& others = shipped[file.bytes];
            others += uid + " ";
            CHECK(others == uid + " "); // else it came twice
        }
        for (const auto& generation : expected_) {
            INFO("generation " << outline(generation));
            CHECK(shipped.erase(generation) == 1); // else it did not come, or not all of it
        }
        for (const auto& [content, uid] : shipped) {
            FAIL_CHECK("never written: ", uid, outline(content));
        }
    }

    static std::string outline(const std::string& content) {
        const auto last = content.rfind("line ");
        return std::to_string(content.size()) + " bytes, " + content.substr(0, content.find('.')) + " to " +
               content.substr(last, content.find('.', last) - last);
    }

    Plan plan_;
    std::mt19937 random_;
    test::TailRig rig_;
    int writer_ = -1;
    unsigned line_ = 0;
    std::string current_;
    std::string last_;
    std::vector<std::string> generations_;
    std::vector<std::string> expected_;
};

void play(unsigned all_seeds, const Plan& plan) {
    for (unsigned seed = 1; seed <= test::effort(all_seeds); ++seed) {
        CAPTURE(seed);
        Player(seed, plan).play(400);
    }
}

TEST_CASE("renamed again and again") {
    play(20, {.renames = true});
    play(20, {.pattern = "a.log*", .renames = true});
}

TEST_CASE("copied and cut short again and again") {
    play(20, {.copies = true});
    play(20, {.pattern = "a.log*", .copies = true});
}

TEST_CASE("killed at any moment, while it is only written") {
    play(20, {.kills = true, .has_bad_answers = true});
}

TEST_CASE("killed at any moment, and renamed") {
    play(20, {.renames = true, .kills = true, .has_bad_answers = true});
    play(20, {.pattern = "a.log*", .renames = true, .kills = true, .pack_bytes = 500});
}

TEST_CASE("killed at any moment, copied and cut short") {
    play(20, {.copies = true, .kills = true, .has_bad_answers = true});
    play(20, {.pattern = "a.log*", .copies = true, .kills = true, .pack_bytes = 500});
}

} // namespace
} // namespace agent::tail
