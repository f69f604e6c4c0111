#include "tail/log_file.hpp"

#include "support/temporary_directory.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::tail {
namespace {

void write(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

// 0, or why it was not opened.
int error_of(const Result<Descriptor>& opened) {
    return opened ? 0 : opened.error().value();
}

struct Tree {
    Tree() {
        std::filesystem::create_directories(directory / "logs/real");
        std::filesystem::create_directory(directory / "outside");
        write(directory / "logs/real/a.log", "text");
        write(directory / "outside/o.log", "text");
        std::filesystem::create_symlink("real/a.log", directory / "logs/link.log");
        std::filesystem::create_symlink("real", directory / "logs/linked");
        std::filesystem::create_symlink(directory / "logs", directory / "base");
        std::filesystem::create_symlink("nowhere", directory / "logs/dangling");
        REQUIRE(mkfifo((directory / "logs/fifo").c_str(), 0600) == 0);
    }
    int open(const std::string& path, bool follows, const std::string& base = "logs") const {
        return error_of(open_log_file(directory / base, directory / path, follows));
    }
    test::TemporaryDirectory directory;
};

TEST_CASE("regular files are opened, and nothing else; nobody waits for the other end of a FIFO") {
    const Tree tree;
    CHECK(tree.open("logs/real/a.log", false) == 0);
    CHECK(tree.open("logs/missing", false) == ENOENT);
    CHECK(tree.open("logs/real/a.log/x", false) == ENOTDIR);
    for (const bool follows : {false, true}) {
        CHECK(tree.open("logs/real", follows) == EINVAL);
        CHECK(tree.open("logs/fifo", follows) == EINVAL);
        CHECK(error_of(open_log_file("/dev", "/dev/null", follows)) == EINVAL);
    }
    const auto opened = open_log_file(tree.directory / "logs", tree.directory / "logs/real/a.log", false);
    REQUIRE(opened.has_value());
    CHECK((fcntl(opened->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("links below the folder are refused, last or on the way, unless they are to be followed") {
    const Tree tree;
    CHECK(tree.open("logs/link.log", false) == ELOOP);
    CHECK(tree.open("logs/linked/a.log", false) == ELOOP);
    CHECK(tree.open("logs/dangling", false) == ELOOP);
    CHECK(tree.open("logs/link.log", true) == 0);
    CHECK(tree.open("logs/linked/a.log", true) == 0);
    CHECK(tree.open("logs/dangling", true) == ENOENT);
    // The folder itself may be reached over links.
    CHECK(tree.open("base/real/a.log", false, "base") == 0);
    CHECK(tree.open("base/link.log", false, "base") == ELOOP);
    CHECK(tree.open("logs/../outside/o.log", false) != 0);
    CHECK(error_of(open_log_file("/", tree.directory / "logs/real/a.log", false)) == 0);
    CHECK(error_of(open_log_file("/", tree.directory / "base/real/a.log", false)) == ELOOP);
}

TEST_CASE("directories likewise") {
    const Tree tree;
    const auto base = tree.directory / "logs";
    CHECK(error_of(open_directory(base, base, false)) == 0);
    CHECK(error_of(open_directory(base, base + "/real", false)) == 0);
    CHECK(error_of(open_directory(base, base + "/real/a.log", false)) == ENOTDIR);
    const int over_link = error_of(open_directory(base, base + "/linked", false));
    CHECK((over_link == ELOOP || over_link == ENOTDIR));
    CHECK(error_of(open_directory(base, base + "/linked", true)) == 0);
    CHECK(error_of(open_directory(base, base + "/missing", false)) == ENOENT);
    CHECK(error_of(open_directory(tree.directory / "no", tree.directory / "no/x", false)) == ENOENT);
    CHECK(error_of(open_directory(tree.directory / "base", tree.directory / "base/real", false)) == 0);
    CHECK(error_of(open_directory("/", "/", false)) == 0);
}

TEST_CASE("facts: of a file, of a link itself, of a deleted one") {
    const Tree tree;
    const auto folder = open_directory(tree.directory / "logs", tree.directory / "logs", false);
    REQUIRE(folder.has_value());
    const auto link = facts_at(folder->get(), "link.log", false);
    REQUIRE(link.has_value());
    CHECK(link->is_link);
    CHECK_FALSE(link->is_regular);
    const auto followed = facts_at(folder->get(), "link.log", true);
    REQUIRE(followed.has_value());
    CHECK(followed->is_regular);
    CHECK(followed->size_bytes == 4);
    CHECK_FALSE(followed->has_holes);
    const auto at = facts_at(folder->get(), "real", false);
    REQUIRE(at.has_value());
    CHECK(at->is_directory);
    CHECK(facts_at(folder->get(), "missing", false).error().value() == ENOENT);
    const auto path = tree.directory / "logs/real/a.log";
    const auto file = open_log_file(tree.directory / "logs", path, false);
    REQUIRE(file.has_value());
    const auto before = facts_of(file->get());
    REQUIRE(before.has_value());
    CHECK(before->id == followed->id);
    CHECK(before->links == 1);
    std::filesystem::rename(path, path + ".1");
    CHECK(facts_of(file->get())->id == before->id);
    std::filesystem::remove(path + ".1");
    CHECK(facts_of(file->get())->links == 0);
    CHECK_FALSE(facts_of(-1).has_value());
}

TEST_CASE("a file with a hole says so") {
    const test::TemporaryDirectory directory;
    write(directory / "a", "x");
    std::filesystem::resize_file(directory / "a", 4 << 20);
    const auto file = open_log_file(directory.path(), directory / "a", false);
    REQUIRE(file.has_value());
    CHECK(facts_of(file->get())->has_holes);
    CHECK(facts_of(file->get())->size_bytes == 4 << 20);
}

TEST_CASE("bytes are read from where it is asked, as many as there are") {
    const test::TemporaryDirectory directory;
    write(directory / "a", "0123456789");
    const auto file = open_log_file(directory.path(), directory / "a", false);
    REQUIRE(file.has_value());
    const auto read = [&](std::size_t size, std::uint64_t offset) {
        std::string bytes(size, '.');
        const auto count = read_at(file->get(), bytes, offset);
        REQUIRE(count.has_value());
        return bytes.substr(0, *count);
    };
    CHECK(read(4, 0) == "0123");
    CHECK(read(4, 3) == "3456");
    CHECK(read(4, 8) == "89");
    CHECK(read(4, 10).empty());
    CHECK(read(4, 99).empty());
    CHECK(read(0, 2).empty());
    std::string bytes(4, '.');
    CHECK(read_at(-1, bytes, 0).error().value() == EBADF);
}

TEST_CASE("fingerprints and marks of a file") {
    const test::TemporaryDirectory directory;
    const std::string text = std::string(1000, 'a') + std::string(1000, 'b');
    write(directory / "a", text);
    const auto file = open_log_file(directory.path(), directory / "a", false);
    REQUIRE(file.has_value());
    CHECK(*fingerprint_of(file->get()) == Fingerprint{.length = 1024, .hash = content_hash(text.substr(0, 1024))});
    CHECK(*fingerprint_of(file->get(), 7) == Fingerprint{.length = 7, .hash = content_hash("aaaaaaa")});
    for (const std::size_t offset : {0U, 1U, 64U, 65U, 1000U, 1030U, 2000U}) {
        CAPTURE(offset);
        auto mark = make_mark(offset, text.substr(0, offset));
        CHECK(has_mark(file->get(), mark));
        ++mark.hash;
        CHECK_FALSE(has_mark(file->get(), mark));
    }
    CHECK_FALSE(has_mark(file->get(), make_mark(1030, text.substr(0, 1029)))); // of a place one byte before
    CHECK_FALSE(has_mark(file->get(), make_mark(2001, text + "b")));           // behind its end
    write(directory / "b", "");
    const auto empty = open_log_file(directory.path(), directory / "b", false);
    REQUIRE(empty.has_value());
    CHECK(*fingerprint_of(empty->get()) == Fingerprint{.length = 0, .hash = content_hash("")});
}

} // namespace
} // namespace agent::tail
