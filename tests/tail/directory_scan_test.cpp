#include "tail/directory_scan.hpp"

#include "support/temporary_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::tail {
namespace {

using Names = std::vector<std::string>;

class Rig {
  public:
    Rig() { std::filesystem::create_directory(path("logs")); }

    std::string path(const std::string& name) const { return directory_ / name; }
    void make(const std::string& name) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << "x";
    }
    void link(const std::string& to, const std::string& name) const { std::filesystem::create_symlink(to, path(name)); }

    DirectoryScan scan(const Names& include, const Names& exclude = {}, bool follows = false) const {
        return {globs(include), globs(exclude), follows};
    }

    // Below the rig's directory, sorted.
    Names names(Names paths) const {
        for (auto& path : paths) {
            REQUIRE(path.starts_with(directory_.path()));
            path.erase(0, std::min(path.size(), directory_.path().size() + 1));
        }
        std::ranges::sort(paths);
        return paths;
    }
    Names files(const Findings& found) const {
        Names paths;
        for (const auto& file : found.files) {
            CHECK(file.facts.is_regular);
            CHECK(file.facts.size_bytes == 1);
            paths.push_back(file.path);
        }
        return names(paths);
    }
    Names refused(const Findings& found) const {
        Names paths;
        for (const auto& each : found.refused) {
            CHECK_FALSE(each.reason.empty());
            paths.push_back(each.path);
        }
        return names(paths);
    }

  private:
    std::vector<PathGlob> globs(const Names& texts) const {
        std::vector<PathGlob> globs;
        for (const auto& text : texts) {
            globs.push_back(*PathGlob::compile(path(text)));
        }
        return globs;
    }

    test::TemporaryDirectory directory_;
};

TEST_CASE("patterns name files; each is found once; exclude takes some out") {
    Rig rig;
    for (const char* const name : {"logs/a.log", "logs/b.log", "logs/b.txt", "logs/sub/c.log", "logs/sub/deep/d.log",
                                   "logs/.hidden.log", "other/e.log"}) {
        rig.make(name);
    }
    struct Row {
        Names include;
        Names exclude;
        Names files;
    };
    const Row rows[] = {
        {{"logs/*.log"}, {}, {"logs/.hidden.log", "logs/a.log", "logs/b.log"}},
        {{"logs/a.log"}, {}, {"logs/a.log"}},
        {{"logs/a.log", "logs/a*", "logs/**"}, {"logs/sub/**", "logs/b*", "logs/.*"}, {"logs/a.log"}},
        {{"logs/*.log"}, {"logs/[!a]*"}, {"logs/a.log"}},
        {{"logs/**/*.log"}, {"logs/.*"}, {"logs/a.log", "logs/b.log", "logs/sub/c.log", "logs/sub/deep/d.log"}},
        {{"logs/*/*.log"}, {}, {"logs/sub/c.log"}},
        {{"*/e.log", "logs/sub/**"}, {}, {"logs/sub/c.log", "logs/sub/deep/d.log", "other/e.log"}},
        {{"logs/**/d.log"}, {"logs/**"}, {}},
        {{"logs/missing"}, {}, {}},
        {{"logs/sub"}, {}, {}}, // a directory is no file
        {{}, {}, {}},
    };
    for (const auto& row : rows) {
        CAPTURE(&row - rows);
        const auto found = rig.scan(row.include, row.exclude).all();
        CHECK(rig.files(found) == row.files);
        CHECK(found.refused.empty());
        CHECK(found.unseen.empty());
        CHECK_FALSE(found.is_cut);
    }
}

TEST_CASE("directories to be watched: those where files are or may appear, and no others") {
    Rig rig;
    rig.make("logs/sub/deep/d.log");
    rig.make("logs/other/x");
    CHECK(rig.names(rig.scan({"logs/*.log"}).all().directories) == Names{"logs"});
    CHECK(rig.names(rig.scan({"logs/sub/*/d.log"}).all().directories) == Names{"logs/sub", "logs/sub/deep"});
    CHECK(rig.names(rig.scan({"logs/**/d.log"}).all().directories) ==
          Names{"logs", "logs/other", "logs/sub", "logs/sub/deep"});
    CHECK(rig.names(rig.scan({"logs/*.log", "logs/*.txt"}).all().directories) == Names{"logs"});
}

TEST_CASE("a folder that is not there yet: the nearest one above it is watched") {
    Rig rig;
    CHECK(rig.names(rig.scan({"logs/no/such/*.log"}).all().directories) == Names{"logs"});
    CHECK(rig.names(rig.scan({"no/*.log"}).all().directories) == Names{""});
    rig.make("logs/file");
    const auto below_file = rig.scan({"logs/file/*.log"}).all();
    CHECK(below_file.files.empty());
    CHECK(rig.names(below_file.directories) == Names{"logs"});
    CHECK(below_file.unseen.empty()); // nothing is there: that is known
}

TEST_CASE("links are refused, and said so where they have a name that is asked for") {
    Rig rig;
    rig.make("outside/o.log");
    rig.make("logs/a.log");
    rig.link(rig.path("outside/o.log"), "logs/l.log");
    rig.link(rig.path("outside/o.log"), "logs/l.txt");
    rig.link(rig.path("outside"), "logs/d");
    rig.link("nowhere", "logs/dangling.log");
    const auto found = rig.scan({"logs/**/*.log"}).all();
    CHECK(rig.files(found) == Names{"logs/a.log"});
    CHECK(rig.refused(found) == Names{"logs/dangling.log", "logs/l.log"});
    CHECK(rig.names(found.directories) == Names{"logs"});
    CHECK(found.unseen.empty());
}

TEST_CASE("links are followed where that is wanted, and the folder itself may always be one") {
    Rig rig;
    rig.make("outside/o.log");
    rig.link(rig.path("outside/o.log"), "logs/l.log");
    rig.link(rig.path("outside"), "logs/d");
    rig.link("nowhere", "logs/dangling.log");
    rig.link(rig.path("logs"), "base");
    const auto found = rig.scan({"logs/**/*.log"}, {}, true).all();
    CHECK(rig.files(found) == Names{"logs/d/o.log", "logs/l.log"});
    CHECK(rig.refused(found).empty());
    rig.make("logs/a.log");
    CHECK(rig.files(rig.scan({"base/a.log"}).all()) == Names{"base/a.log"});
    CHECK(rig.files(rig.scan({"base/*/o.log"}).all()).empty());
    CHECK(rig.files(rig.scan({"*/a.log"}).all()) == Names{"logs/a.log"}); // now the link is below the folder
}

TEST_CASE("a circle of links ends") {
    Rig rig;
    rig.make("logs/sub/a.log");
    rig.link(rig.path("logs"), "logs/sub/up");
    rig.link(".", "logs/self");
    const auto found = rig.scan({"logs/**/*.log"}, {}, true).all();
    CHECK(rig.files(found) == Names{"logs/sub/a.log"});
    CHECK(rig.refused(found) == Names{"logs/self", "logs/sub/up"});
    // The same directory twice, side by side, is no circle.
    Rig twice;
    twice.make("real/a.log");
    twice.link(twice.path("real"), "logs/one");
    twice.link(twice.path("real"), "logs/two");
    CHECK(twice.files(twice.scan({"logs/**"}, {}, true).all()) == Names{"logs/one/a.log", "logs/two/a.log"});
}

TEST_CASE("directories deeper than may be are refused") {
    Rig rig;
    std::string deep = "logs";
    for (int i = 0; i < 40; ++i) {
        deep += "/d";
    }
    rig.make(deep + "/a.log");
    rig.make("logs/d/b.log");
    const auto found = rig.scan({"logs/**/*.log"}).all();
    CHECK(rig.files(found) == Names{"logs/d/b.log"});
    REQUIRE(found.refused.size() == 1);
    CHECK(found.refused.front().reason == "too deep");
}

TEST_CASE("what is no file is refused") {
    Rig rig;
    REQUIRE(mkfifo(rig.path("logs/f.log").c_str(), 0600) == 0);
    REQUIRE(mkfifo(rig.path("logs/f.txt").c_str(), 0600) == 0);
    const auto found = rig.scan({"logs/*.log"}).all();
    CHECK(found.files.empty());
    REQUIRE(rig.refused(found) == Names{"logs/f.log"});
    CHECK(found.refused.front().reason == "not a regular file");
}

TEST_CASE("a directory that cannot be read says nothing about its files") {
    if (geteuid() == 0) {
        return; // may read all
    }
    Rig rig;
    rig.make("logs/sub/a.log");
    rig.make("logs/b.log");
    REQUIRE(chmod(rig.path("logs/sub").c_str(), 0) == 0);
    const auto scan = rig.scan({"logs/**/*.log"});
    const auto found = scan.all();
    const auto some = scan.some({rig.path("logs/sub/a.log")});
    REQUIRE(chmod(rig.path("logs/sub").c_str(), 0700) == 0);
    CHECK(rig.files(found) == Names{"logs/b.log"});
    CHECK(rig.names(found.unseen) == Names{"logs/sub"});
    CHECK(rig.refused(found) == Names{"logs/sub"});
    CHECK(some.files.empty());
    CHECK(rig.names(some.unseen) == Names{"logs/sub"});
}

TEST_CASE("only some paths: those that are there, regular, and named") {
    Rig rig;
    rig.make("logs/a.log");
    rig.make("logs/b.txt");
    rig.make("outside/o.log");
    rig.link(rig.path("outside/o.log"), "logs/l.log");
    rig.link(rig.path("outside"), "logs/d");
    const auto some = [&](const DirectoryScan& scan, const Names& asked) {
        Names paths;
        for (const auto& name : asked) {
            paths.push_back(rig.path(name));
        }
        return scan.some(paths);
    };
    const auto scan = rig.scan({"logs/**/*.log"}, {"logs/x*"});
    const auto found = some(scan, {"logs/a.log", "logs/a.log", "logs/b.txt", "logs/l.log", "logs/missing.log",
                                   "logs/no/such.log", "outside/o.log"});
    CHECK(rig.files(found) == Names{"logs/a.log"});
    CHECK(rig.refused(found) == Names{"logs/l.log"});
    CHECK(found.unseen.empty());
    CHECK(some(scan, {"logs/d/o.log"}).files.empty()); // over a link
    CHECK(rig.files(some(rig.scan({"logs/**"}, {}, true), {"logs/d/o.log"})) == Names{"logs/d/o.log"});
}

TEST_CASE("names, and the folder of the pattern that names it") {
    const Rig rig;
    const auto scan = rig.scan({"logs/*.log", "**/deep/*"}, {"**/not.log"});
    CHECK(scan.names(rig.path("logs/a.log")));
    CHECK_FALSE(scan.names(rig.path("logs/not.log")));
    CHECK_FALSE(scan.names(rig.path("logs/a.txt")));
    CHECK(scan.base_of(rig.path("logs/a.log")) == rig.path("logs"));
    CHECK(scan.base_of(rig.path("x/deep/a")) + "/" == rig.path(""));
    CHECK(scan.base_of(rig.path("elsewhere/a")) == rig.path("elsewhere"));
    CHECK(directory_of("/a/b") == "/a");
    CHECK(directory_of("/a") == "/");
    CHECK(name_of("/a/b") == "b");
    CHECK(name_of("/a") == "a");
}

} // namespace
} // namespace agent::tail
