#include "tail/watcher.hpp"

#include "support/temporary_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

namespace agent::tail {
namespace {

void append(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

class Rig {
  public:
    std::string path(const std::string& name) const { return directory_ / name; }
    const std::string& top() const { return directory_.path(); }

    // "path", with + where another file may be there and / where it is a directory. Each of them once, sorted.
    std::vector<std::string> take() {
        const auto changes = watcher.take();
        CHECK_FALSE(changes.is_overflow);
        std::vector<std::string> all;
        for (const auto& change : changes.all) {
            CHECK(change.directory.starts_with(top()));
            all.push_back((change.directory + "/" + change.name).substr(top().size() + 1) +
                          (change.is_directory ? "/" : "") + (change.is_new ? "+" : ""));
        }
        std::ranges::sort(all);
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    Watcher watcher;

  private:
    test::TemporaryDirectory directory_;
};

using Names = std::vector<std::string>;

TEST_CASE("written to, made, renamed, deleted, linked") {
    Rig rig;
    append(rig.path("old"), "x");
    REQUIRE(rig.watcher.watch(rig.top()));
    CHECK(rig.take().empty());
    append(rig.path("old"), "y");
    CHECK(rig.take() == Names{"old"});
    append(rig.path("new"), "x");
    CHECK(rig.take() == Names{"new+"}); // making it and writing to it are one change
    std::filesystem::rename(rig.path("new"), rig.path("other"));
    CHECK(rig.take() == Names{"new+", "other+"});
    std::filesystem::remove(rig.path("other"));
    CHECK(rig.take() == Names{"other+"});
    std::filesystem::resize_file(rig.path("old"), 0);
    CHECK(rig.take() == Names{"old"}); // cut short
    std::filesystem::create_hard_link(rig.path("old"), rig.path("second"));
    const auto linked = rig.take();
    CHECK(std::ranges::find(linked, "second+") != linked.end());
    std::filesystem::create_directory(rig.path("sub"));
    CHECK(rig.take() == Names{"sub/+"});
    append(rig.path("sub/inside"), "x");
    CHECK(rig.take().empty()); // a directory of its own
    CHECK(std::ifstream(rig.path("old")).get() == EOF);
    CHECK(rig.take().empty()); // reading is no change
}

TEST_CASE("the descriptor is readable when there is something") {
    Rig rig;
    REQUIRE(rig.watcher.watch(rig.top()));
    pollfd ready{.fd = rig.watcher.fd(), .events = POLLIN, .revents = 0};
    CHECK(poll(&ready, 1, 0) == 0);
    append(rig.path("a"), "x");
    CHECK(poll(&ready, 1, 0) == 1);
    rig.watcher.take();
    CHECK(poll(&ready, 1, 0) == 0);
}

TEST_CASE("a run of equal changes is one") {
    Rig rig;
    append(rig.path("a"), "x");
    append(rig.path("b"), "x");
    REQUIRE(rig.watcher.watch(rig.top()));
    for (int i = 0; i < 10; ++i) {
        append(rig.path("a"), "x");
    }
    append(rig.path("b"), "x");
    CHECK(rig.watcher.take().all.size() == 2);
    append(rig.path("a"), "x");
    std::filesystem::remove(rig.path("a"));
    const auto changes = rig.watcher.take();
    REQUIRE(changes.all.size() == 1);
    CHECK(changes.all.front().is_new); // of any of them
}

TEST_CASE("thousands of changes come in several looks, none is lost") {
    Rig rig;
    REQUIRE(rig.watcher.watch(rig.top()));
    for (int i = 0; i < 3000; ++i) {
        append(rig.path("a" + std::to_string(i)), "");
    }
    std::size_t count = 0;
    for (auto names = rig.take(); !names.empty(); names = rig.take()) {
        count += names.size();
    }
    CHECK(count == 3000);
}

TEST_CASE("a directory that is replaced: it is told, and watching it again watches the new one") {
    for (const bool is_deleted : {true, false}) {
        CAPTURE(is_deleted);
        Rig rig;
        const auto path = rig.path("d");
        std::filesystem::create_directory(path);
        REQUIRE(rig.watcher.watch(path));
        if (is_deleted) {
            std::filesystem::remove(path);
        } else {
            std::filesystem::rename(path, rig.path("moved"));
        }
        const auto gone = rig.watcher.take();
        REQUIRE(!gone.all.empty());
        CHECK(gone.all.front().directory == path);
        CHECK(gone.all.front().name.empty());
        CHECK_FALSE(rig.watcher.watch(path));
        CHECK(rig.watcher.failure().empty()); // it may come: nothing to be said
        std::filesystem::create_directory(path);
        REQUIRE(rig.watcher.watch(path));
        rig.take();
        append(path + "/a", "x");
        CHECK(rig.take() == Names{"d/a+"});
        CHECK(rig.watcher.count() == 1);
        if (!is_deleted) {
            append(rig.path("moved/b"), "x");
            CHECK(rig.take().empty()); // it has no name that anybody wants
        }
    }
}

TEST_CASE("two paths of one directory: each hears of it, also when the other one is left") {
    Rig rig;
    std::filesystem::create_directory(rig.path("d"));
    std::filesystem::create_symlink("d", rig.path("l"));
    append(rig.path("d/a"), "x");
    REQUIRE(rig.watcher.watch(rig.path("d")));
    REQUIRE(rig.watcher.watch(rig.path("l")));
    CHECK(rig.watcher.count() == 2);
    append(rig.path("d/a"), "x");
    CHECK(rig.take() == Names{"d/a", "l/a"});
    rig.watcher.keep_only({rig.path("l")});
    CHECK(rig.watcher.count() == 1);
    append(rig.path("d/a"), "x");
    CHECK(rig.take() == Names{"l/a"});
    std::filesystem::remove(rig.path("l"));
    std::filesystem::create_directory(rig.path("l")); // now a directory of its own
    REQUIRE(rig.watcher.watch(rig.path("l")));
    rig.take();
    append(rig.path("d/a"), "x");
    append(rig.path("l/b"), "x");
    CHECK(rig.take() == Names{"l/b+"});
}

TEST_CASE("watching again changes nothing; what is not wanted any more is left") {
    Rig rig;
    std::filesystem::create_directory(rig.path("d"));
    for (int i = 0; i < 3; ++i) {
        REQUIRE(rig.watcher.watch(rig.top()));
        REQUIRE(rig.watcher.watch(rig.path("d")));
    }
    CHECK(rig.watcher.count() == 2);
    append(rig.path("d/a"), "x");
    CHECK(rig.take() == Names{"d/a+"});
    rig.watcher.keep_only({rig.top()});
    append(rig.path("d/a"), "x");
    CHECK(rig.take().empty());
    rig.watcher.keep_only({});
    CHECK(rig.watcher.count() == 0);
    append(rig.path("a"), "x");
    CHECK(rig.take().empty());
}

TEST_CASE("what is no directory cannot be watched") {
    Rig rig;
    append(rig.path("a"), "x");
    CHECK_FALSE(rig.watcher.watch(rig.path("a")));
    CHECK_FALSE(rig.watcher.watch(rig.path("missing")));
    CHECK(rig.watcher.count() == 0);
}

} // namespace
} // namespace agent::tail
