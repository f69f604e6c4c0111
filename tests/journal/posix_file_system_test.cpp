// What FileSystem promises, of the disk and of the fake that stands for it in other tests; then what only a disk has.
#include "journal/posix_file_system.hpp"

#include "support/bytes.hpp"
#include "support/fake_file_system.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace agent;
using journal::DirectoryEntry;
using journal::FileSystem;
using journal::PosixFileSystem;
using test::Bytes;
using test::bytes_of;

namespace {

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "metrics-agent-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

struct Disk {
    Folder folder;
    PosixFileSystem files;
    std::string path() const { return folder.path(); }
};

struct Fake {
    test::FakeFileSystem files;
    Fake() { files.put_directory(path()); }
    std::string path() const { return "/some/folder"; }
};

template <typename T>
int error_of(const FileSystem::Result<T>& result) {
    return result ? 0 : result.error().value();
}

std::string content_of(FileSystem& files, FileSystem::Descriptor file) {
    std::array<std::byte, 100> bytes;
    return test::text_of(std::span(bytes).first(files.read_at(file, bytes, 0).value()));
}

std::string content_of(FileSystem& files, const std::string& path) {
    const auto file = files.open(path).value();
    const auto content = content_of(files, file);
    files.close(file);
    return content;
}

void write_file(FileSystem& files, const std::string& path, std::string_view text) {
    const auto file = files.create(path).value();
    REQUIRE(files.write_at(file, bytes_of(text), 0).value() == text.size());
    files.close(file);
}

mode_t mode_of(const std::string& path) {
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

} // namespace

TEST_CASE_TEMPLATE("file system: what is written is read, at any place", World, Disk, Fake) {
    World world;
    FileSystem& files = world.files;
    const auto file = files.create(world.path() + "/f").value();
    CHECK(files.write_at(file, bytes_of("abcdef"), 0).value() == 6);
    CHECK(files.write_at(file, bytes_of("XY"), 2).value() == 2);
    CHECK(files.write_at(file, bytes_of("end"), 8).value() == 3); // a hole reads as zeros
    CHECK(files.write_at(file, {}, 3).value() == 0);
    using namespace std::string_view_literals;
    CHECK(content_of(files, file) == "abXYef\0\0end"sv);

    std::array<std::byte, 4> four{};
    CHECK(files.read_at(file, four, 1).value() == 4);
    CHECK(test::text_of(four) == "bXYe");
    CHECK(files.read_at(file, four, 9).value() == 2);
    CHECK(files.read_at(file, four, 11).value() == 0);
    CHECK(files.read_at(file, four, 1000).value() == 0);
    CHECK_FALSE(files.sync(file).has_error());
    files.close(file);

    const auto again = files.open(world.path() + "/f").value();
    CHECK(content_of(files, again) == "abXYef\0\0end"sv);
    CHECK(error_of(files.write_at(again, bytes_of("x"), 0)) == EBADF); // opened to be read
    files.close(again);
    CHECK(error_of(files.read_at(again, four, 0)) == EBADF);
    CHECK(error_of(files.sync(again)) == EBADF);
}

TEST_CASE_TEMPLATE("file system: creating empties, and needs a parent and no directory", World, Disk, Fake) {
    World world;
    FileSystem& files = world.files;
    write_file(files, world.path() + "/f", "old");
    const auto file = files.create(world.path() + "/f").value();
    CHECK(content_of(files, file).empty());
    files.close(file);
    CHECK(error_of(files.create(world.path() + "/missing/f")) == ENOENT);
    CHECK(error_of(files.create(world.path())) == EISDIR);
    CHECK(error_of(files.open(world.path() + "/other")) == ENOENT);
}

TEST_CASE_TEMPLATE("file system: removing and renaming", World, Disk, Fake) {
    World world;
    FileSystem& files = world.files;
    const std::string f = world.path() + "/f";
    const std::string g = world.path() + "/g";
    write_file(files, f, "of f");
    write_file(files, g, "of g");
    const auto old = files.open(g).value();
    CHECK(error_of(files.rename(f, g)) == 0);
    CHECK(content_of(files, g) == "of f");
    CHECK(content_of(files, old) == "of g"); // as long as it is open
    files.close(old);
    CHECK(error_of(files.open(f)) == ENOENT);
    CHECK(error_of(files.rename(f, g)) == ENOENT);
    CHECK(error_of(files.rename(g, g)) == 0);
    CHECK(error_of(files.rename(g, world.path() + "/missing/g")) == ENOENT);

    CHECK(error_of(files.remove(g)) == 0);
    CHECK(error_of(files.open(g)) == ENOENT);
    CHECK(error_of(files.remove(g)) == 0); // not there: no error
    CHECK(error_of(files.remove(world.path())) == EISDIR);
}

TEST_CASE_TEMPLATE("file system: directories and their files", World, Disk, Fake) {
    World world;
    FileSystem& files = world.files;
    const std::string d = world.path() + "/d";
    CHECK(error_of(files.make_directory(d + "/e")) == ENOENT); // parents are not made
    CHECK(error_of(files.make_directory(d)) == 0);
    CHECK(error_of(files.make_directory(d)) == 0); // there already: no error
    CHECK(error_of(files.make_directory(d + "/e")) == 0);
    CHECK(files.list_files(d).value().empty());

    write_file(files, d + "/b", "12");
    write_file(files, d + "/a10", "");
    write_file(files, d + "/a1", "123");
    write_file(files, d + "/e/inner", "1");
    CHECK(files.list_files(d).value() == std::vector<DirectoryEntry>{{"a1", 3}, {"a10", 0}, {"b", 2}});
    CHECK(error_of(files.make_directory(d + "/b")) == EEXIST); // a file
    CHECK(error_of(files.list_files(d + "/missing")) == ENOENT);
    CHECK(error_of(files.sync_directory(d)) == 0);
    CHECK(error_of(files.sync_directory(d + "/missing")) == ENOENT);
}

TEST_CASE_TEMPLATE("file system: one lock at a time, for as long as it is open", World, Disk, Fake) {
    World world;
    FileSystem& files = world.files;
    const std::string path = world.path() + "/lock";
    const auto lock = files.lock(path).value(); // makes it
    const auto second = files.lock(path);
    REQUIRE(second.has_error());
    CHECK(second.error() == boost::system::errc::resource_unavailable_try_again);
    CHECK(error_of(files.lock(world.path() + "/other")) == 0);
    files.close(lock);
    const auto third = files.lock(path);
    CHECK(error_of(third) == 0);
    CHECK(error_of(files.lock(world.path() + "/missing/lock")) == ENOENT);
}

TEST_CASE("posix file system: modes, and nothing for child processes") {
    Disk disk;
    PosixFileSystem& files = disk.files;
    const auto old_mask = ::umask(0);
    const auto file = files.create(disk.folder / "f").value();
    const auto lock = files.lock(disk.folder / "lock").value();
    REQUIRE(error_of(files.make_directory(disk.folder / "d")) == 0);
    ::umask(old_mask);
    CHECK(mode_of(disk.folder / "f") == 0640);
    CHECK(mode_of(disk.folder / "lock") == 0640);
    CHECK(mode_of(disk.folder / "d") == 0750);
    const auto opened = files.open(disk.folder / "f").value();
    for (const auto descriptor : {file, lock, opened}) {
        CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
        files.close(descriptor);
        CHECK(::fcntl(descriptor, F_GETFD) == -1);
    }
}

TEST_CASE("posix file system: what is no regular file") {
    Disk disk;
    PosixFileSystem& files = disk.files;
    write_file(files, disk.folder / "f", "content");
    std::filesystem::create_symlink(disk.folder / "f", disk.folder / "link");
    std::filesystem::create_symlink(disk.folder / "nowhere", disk.folder / "dangling");
    REQUIRE(::mkfifo((disk.folder / "pipe").c_str(), 0600) == 0);
    CHECK(files.list_files(disk.folder.path()).value() == std::vector<DirectoryEntry>{{"f", 7}});

    for (const char* const link : {"link", "dangling"}) {
        CHECK(error_of(files.open(disk.folder / link)) == ELOOP);
        CHECK(error_of(files.create(disk.folder / link)) == ELOOP);
        CHECK(error_of(files.lock(disk.folder / link)) == ELOOP);
    }
    CHECK(content_of(files, disk.folder / "f") == "content");
    CHECK_FALSE(std::filesystem::exists(disk.folder / "nowhere"));

    const auto pipe = files.open(disk.folder / "pipe").value(); // does not wait for a writer
    std::array<std::byte, 4> four{};
    CHECK(error_of(files.read_at(pipe, four, 0)) == ESPIPE);
    files.close(pipe);
}

TEST_CASE("posix file system: a state directory may be behind a link") {
    Disk disk;
    PosixFileSystem& files = disk.files;
    REQUIRE(error_of(files.make_directory(disk.folder / "real")) == 0);
    std::filesystem::create_directory_symlink(disk.folder / "real", disk.folder / "link");
    CHECK(error_of(files.make_directory(disk.folder / "link")) == 0);
    write_file(files, disk.folder / "link/f", "x");
    CHECK(files.list_files(disk.folder / "link").value() == std::vector<DirectoryEntry>{{"f", 1}});
    CHECK(error_of(files.sync_directory(disk.folder / "link")) == 0);
}

TEST_CASE("posix file system: a full disk is ENOSPC") {
    if (!std::filesystem::is_character_file("/dev/full")) {
        MESSAGE("skipped: there is no /dev/full");
        return;
    }
    PosixFileSystem files;
    const auto file = files.create("/dev/full").value();
    CHECK(error_of(files.write_at(file, bytes_of("x"), 0)) == ENOSPC);
    files.close(file);
}

TEST_CASE("posix file system: another process's lock holds until it is gone, however it went") {
    Disk disk;
    std::array<int, 2> has_locked{};
    REQUIRE(::pipe(has_locked.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child != -1);
    if (child == 0) {
        const char answer = disk.files.lock(disk.folder / "lock") ? 'y' : 'n';
        if (::write(has_locked[1], &answer, 1) == 1) {
            ::pause(); // until it is killed
        }
        ::_exit(1);
    }
    char answer = '?';
    REQUIRE(::read(has_locked[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    CHECK(error_of(disk.files.lock(disk.folder / "lock")) == EAGAIN);
    REQUIRE(::kill(child, SIGKILL) == 0);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    const auto lock = disk.files.lock(disk.folder / "lock");
    CHECK(error_of(lock) == 0);
    for (const int descriptor : has_locked) {
        ::close(descriptor);
    }
    if (lock) {
        disk.files.close(*lock);
    }
}
