#include "app/absolute_path.hpp"

#include "tail/path_glob.hpp"

#include <string_view>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

TEST_CASE("paths and globs become absolute") {
    struct Row {
        std::string_view path;
        std::string_view directory;
        std::string_view absolute;
    };
    const Row rows[] = {
        {"a.log", "/home/me", "/home/me/a.log"},
        {"x/a.log", "/home/me", "/home/me/x/a.log"},
        {"./a.log", "/home/me", "/home/me/a.log"},
        {".//./a.log", "/home/me", "/home/me/a.log"},
        {"../a.log", "/home/me", "/home/a.log"},
        {"../../a.log", "/home/me", "/a.log"},
        {"../../../../a.log", "/home/me", "/a.log"}, // as the kernel has it
        {".././../x/*.log", "/home/me", "/x/*.log"},
        {"a.log", "/", "/a.log"},
        {"../a.log", "/", "/a.log"},
        {"*.log", "/home/me", "/home/me/*.log"},
        {"**", "/home/me", "/home/me/**"},
        {".a", "/home/me", "/home/me/.a"},
        {"..a/..", "/home/me", "/home/me/..a/.."}, // not at the beginning: ..a may be a link
        {".", "/home/me", "/home/me/"},
        {"..", "/home/me", "/home/"},
        {"/a//b/../c", "/home/me", "/a//b/../c"},
        {"/", "/home/me", "/"},
    };
    for (const auto& [path, directory, absolute] : rows) {
        CAPTURE(path);
        CHECK(absolute_path(path, directory) == absolute);
        CHECK(absolute_glob(path, directory) == absolute);
    }
}

TEST_CASE("a working directory stands for itself in a glob") {
    CHECK(absolute_path("a*", "/x[1]/*") == "/x[1]/*/a*");
    CHECK(absolute_glob("a*", "/x[1]/*") == R"(/x\[1]/\*/a*)");
    CHECK(absolute_glob("../a*", "/x[1]/*") == R"(/x\[1]/a*)");
    CHECK(tail::PathGlob::compile(absolute_glob("a*", "/x[1]/*"))->base() == "/x[1]/*");
}

TEST_CASE("the working directory is absolute") {
    CHECK(working_directory().starts_with('/'));
}

} // namespace
} // namespace agent::app
