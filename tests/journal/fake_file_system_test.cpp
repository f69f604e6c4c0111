// The fakes of the journal's ports: what they fail, and what a killed process and a loss of power leave. (What they
// have in common with the disk: posix_file_system_test.cpp.)
#include "support/fake_file_system.hpp"

#include "support/bytes.hpp"
#include "support/manual_runner.hpp"

#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using test::Bytes;
using test::bytes_of;
using test::Call;
using test::FakeFileSystem;
using test::Fault;
using test::ManualRunner;

namespace {

template <typename T>
int error_of(const journal::FileSystem::Result<T>& result) {
    return result ? 0 : result.error().value();
}

int write(FakeFileSystem& files, int file, std::string_view text, std::uint64_t offset) {
    return error_of(files.write_at(file, bytes_of(text), offset));
}

int create(FakeFileSystem& files, const std::string& path, std::string_view text = "") {
    const auto file = files.create(path).value();
    REQUIRE(write(files, file, text, 0) == 0);
    return file;
}

std::string describe(const FakeFileSystem& files) {
    std::string all;
    for (const auto& path : files.paths()) {
        all += path + "=" + test::text_of(files.bytes(path)) + " ";
    }
    return all;
}

// All that the power may leave of `files`.
std::set<std::string> outcomes(const FakeFileSystem& files) {
    std::mt19937 random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i) {
        FakeFileSystem copy = files;
        copy.lose_power(random);
        const auto after = describe(copy);
        seen.insert(after);
        copy.lose_power(random);
        REQUIRE(describe(copy) == after); // what came through is on the disk
    }
    return seen;
}

using Outcomes = std::set<std::string>;

} // namespace

TEST_CASE("fake disk: a killed process loses nothing that it wrote, but its descriptors and locks") {
    FakeFileSystem files;
    const int file = create(files, "f", "written");
    const int lock = files.lock("lock").value();
    CHECK(files.open_descriptors() == 2);
    files.crash();
    CHECK(describe(files) == "f=written lock= ");
    CHECK(files.open_descriptors() == 0);
    CHECK(write(files, file, "x", 0) == EBADF);
    files.close(file);
    files.close(lock);
    CHECK(files.misuses() == 0); // by the dead
    CHECK(error_of(files.lock("lock")) == 0);
    CHECK(outcomes(files).contains("")); // nothing was synced: the power may still take it
}

TEST_CASE("fake disk: power leaves what was synced") {
    FakeFileSystem files;
    const int file = create(files, "f", "synced");
    REQUIRE(error_of(files.sync(file)) == 0);
    REQUIRE(error_of(files.sync_directory("")) == 0);
    CHECK(outcomes(files) == Outcomes{"f=synced "});
}

TEST_CASE("fake disk: power takes writes whole, in part or not at all, in any order") {
    FakeFileSystem files;
    files.put("f", {});
    const int f = create(files, "f", "ab");
    const std::string zero(1, '\0');
    const auto zeros = zero + zero;
    CHECK(outcomes(files) == Outcomes{"f= ", "f=a ", "f=ab ", "f=" + zeros + " "});
    REQUIRE(error_of(files.sync(f)) == 0);
    REQUIRE(write(files, f, "C", 2) == 0);
    REQUIRE(write(files, f, "D", 3) == 0);
    CHECK(outcomes(files) == Outcomes{"f=ab ", "f=abC ", "f=abCD ", "f=ab" + zero + "D ", "f=ab" + zero + " ",
                                      "f=ab" + zeros + " ", "f=abC" + zero + " "});
    REQUIRE(write(files, f, "xy", 0) == 0); // over what was synced
    const auto seen = outcomes(files);
    CHECK(seen.contains("f=ab "));
    CHECK(seen.contains("f=xb "));
    CHECK(seen.contains("f=xyCD "));
}

TEST_CASE("fake disk: a file that is emptied may keep its content") {
    FakeFileSystem files;
    files.put("f", bytes_of("old"));
    create(files, "f");
    CHECK(outcomes(files) == Outcomes{"f=old ", "f= "});
}

TEST_CASE("fake disk: a sync that failed leaves its writes in doubt for ever") {
    FakeFileSystem files;
    files.put("f", {});
    const int file = create(files, "f", "a");
    files.faults.add({.call = Call::sync});
    CHECK(error_of(files.sync(file)) == EIO);
    CHECK(error_of(files.sync(file)) == 0);
    CHECK(outcomes(files).contains("f= "));
    REQUIRE(write(files, file, "a", 0) == 0); // written again
    REQUIRE(error_of(files.sync(file)) == 0);
    CHECK(outcomes(files) == Outcomes{"f=a "});

    files.failed_sync_forgets = false;
    REQUIRE(write(files, file, "b", 0) == 0);
    files.faults.add({.call = Call::sync});
    CHECK(error_of(files.sync(file)) == EIO);
    CHECK(error_of(files.sync(file)) == 0);
    CHECK(outcomes(files) == Outcomes{"f=b "});
}

TEST_CASE("fake disk: names are as sure as their directory is synced") {
    FakeFileSystem files;
    files.put_directory("d");
    files.put("d/old", bytes_of("o"));
    files.close(create(files, "d/new"));
    REQUIRE(error_of(files.remove("d/old")) == 0);
    CHECK(outcomes(files) == Outcomes{"", "d/old=o ", "d/new= ", "d/new= d/old=o "});
    REQUIRE(error_of(files.sync_directory("")) == 0); // another directory
    CHECK(outcomes(files).size() == 4);
    REQUIRE(error_of(files.sync_directory("d")) == 0);
    CHECK(outcomes(files) == Outcomes{"d/new= "});
}

TEST_CASE("fake disk: a directory that was not synced may be gone with what is in it") {
    FakeFileSystem files;
    REQUIRE(error_of(files.make_directory("d")) == 0);
    files.close(create(files, "d/f"));
    REQUIRE(error_of(files.sync_directory("d")) == 0);
    CHECK(outcomes(files) == Outcomes{"", "d/f= "});
    REQUIRE(error_of(files.sync_directory("")) == 0);
    CHECK(outcomes(files) == Outcomes{"d/f= "});
}

TEST_CASE("fake disk: a rename is done or not, and leaves one file at its new name") {
    FakeFileSystem files;
    files.put_directory("d");
    files.put("d/mark", bytes_of("old"));
    const int file = create(files, "d/tmp", "new");
    REQUIRE(error_of(files.sync(file)) == 0);
    REQUIRE(error_of(files.rename("d/tmp", "d/mark")) == 0);
    // The name "tmp" was never synced.
    CHECK(outcomes(files) == Outcomes{"d/mark=old ", "d/mark=new ", "d/mark=old d/tmp=new "});
    REQUIRE(error_of(files.sync_directory("d")) == 0);
    CHECK(outcomes(files) == Outcomes{"d/mark=new "});
}

TEST_CASE("fake disk: a rename between directories may leave both names, and never none") {
    FakeFileSystem files;
    files.put_directory("a");
    files.put_directory("b");
    files.put("a/f", bytes_of("x"));
    REQUIRE(error_of(files.rename("a/f", "b/f")) == 0);
    CHECK(outcomes(files) == Outcomes{"a/f=x ", "a/f=x b/f=x ", "b/f=x "});
    FakeFileSystem target = files;
    REQUIRE(error_of(target.sync_directory("b")) == 0);
    CHECK(outcomes(target) == Outcomes{"a/f=x b/f=x ", "b/f=x "});
    REQUIRE(error_of(files.sync_directory("a")) == 0);
    CHECK(outcomes(files) == Outcomes{"b/f=x "});
}

TEST_CASE("fake disk: names taken again and again keep to their last synced file") {
    FakeFileSystem files;
    for (const char* const text : {"1", "2", "3"}) {
        const int file = create(files, "tmp", text);
        REQUIRE(error_of(files.sync(file)) == 0);
        files.close(file);
        REQUIRE(error_of(files.rename("tmp", "mark")) == 0);
        REQUIRE(error_of(files.sync_directory("")) == 0);
        CHECK(outcomes(files) == Outcomes{std::string("mark=") + text + " "});
    }
    CHECK(files.used_bytes() == 1);
}

TEST_CASE("fake disk: faults hit the calls that they name, and as many") {
    FakeFileSystem files;
    files.faults.add({.call = Call::create, .error = EMFILE, .times = 2, .skip = 1, .path_part = "d"});
    CHECK(error_of(files.create("f")) == 0);
    CHECK(error_of(files.create("d0")) == 0);
    CHECK(error_of(files.open("d0")) == 0);
    CHECK(error_of(files.create("d1")) == EMFILE);
    CHECK(error_of(files.create("f")) == 0);
    CHECK(error_of(files.create("d1")) == EMFILE);
    CHECK_FALSE(files.exists("d1"));
    CHECK(error_of(files.create("d1")) == 0);
    CHECK(files.faults.calls() == 7);
    CHECK(files.faults.calls(Call::create) == 6);
    CHECK(files.faults.calls(Call::open) == 1);

    files.faults.add({.error = ENOSPC, .times = test::forever}); // the process is as good as dead
    CHECK(error_of(files.make_directory("x")) == ENOSPC);
    CHECK(error_of(files.remove("f")) == ENOSPC);
    CHECK(error_of(files.rename("f", "g")) == ENOSPC);
    CHECK(error_of(files.list_files("")) == ENOSPC);
    CHECK(error_of(files.lock("l")) == ENOSPC);
    CHECK(error_of(files.sync_directory("")) == ENOSPC);
    files.faults.clear();
    CHECK(describe(files) == "d0= d1= f= ");

    files.faults.before_call = [](Call call, const std::string& path) {
        return call == Call::remove && path == "f" ? EACCES : 0;
    };
    CHECK(error_of(files.remove("f")) == EACCES);
    CHECK(error_of(files.remove("d0")) == 0);
}

TEST_CASE("fake disk: writes that fail after a part of them, and short ones") {
    FakeFileSystem files;
    const int file = create(files, "f");
    files.faults.add({.call = Call::write, .written_bytes = 2});
    CHECK(write(files, file, "abcd", 0) == EIO);
    CHECK(describe(files) == "f=ab ");
    files.set_write_max(3);
    CHECK(files.write_at(file, bytes_of("ABCDE"), 0).value() == 3);
    CHECK(describe(files) == "f=ABC ");
}

TEST_CASE("fake disk: a full one takes what fits, and more once there is room") {
    FakeFileSystem files;
    const int f = create(files, "f", "1234");
    const int g = create(files, "g");
    files.set_capacity(6);
    CHECK(files.write_at(g, bytes_of("abcd"), 0).value() == 2);
    CHECK(write(files, g, "x", 2) == ENOSPC);
    CHECK(write(files, f, "over", 0) == 0); // takes no room
    CHECK(files.write_at(f, bytes_of("xyz"), 3).value() == 1);
    REQUIRE(error_of(files.remove("f")) == 0);
    CHECK(write(files, g, "x", 2) == ENOSPC); // still open
    files.close(f);
    CHECK(files.write_at(g, bytes_of("cdefgh"), 2).value() == 4);
    CHECK(files.used_bytes() == 6);
}

TEST_CASE("fake disk: misuse is counted, and a copy is another disk") {
    FakeFileSystem files;
    const int file = create(files, "f", "x");
    FakeFileSystem copy = files;
    REQUIRE(write(copy, file, "y", 0) == 0);
    copy.flip_bit("f", 0);
    CHECK(describe(files) == "f=x ");
    CHECK(describe(copy) == "f=x "); // 'y' less its lowest bit
    copy.cut("f", 0);
    CHECK(describe(copy) == "f= ");
    CHECK(copy.misuses() == 0);
    copy.close(file);
    copy.close(file);
    CHECK(write(copy, file, "x", 0) == EBADF);
    CHECK(copy.misuses() == 2);
    CHECK(files.misuses() == 0);
}

TEST_CASE("manual runner: jobs wait, and their done apart from them") {
    ManualRunner runner;
    std::string log;
    const auto give = [&](const std::string& name) {
        runner.run([&log, name] { log += "job " + name + ", "; }, [&log, name] { log += "done " + name + ", "; });
    };
    CHECK_FALSE(runner.run_job());
    CHECK_FALSE(runner.call_done());
    CHECK_FALSE(runner.run_one());
    give("a");
    give("b");
    give("c");
    CHECK(log.empty());
    CHECK(runner.run_job());
    CHECK(runner.run_job());
    CHECK(log == "job a, job b, ");
    CHECK(runner.waiting() == 1);
    CHECK(runner.over() == 2);
    CHECK(runner.call_done());
    CHECK(log == "job a, job b, done a, ");
    CHECK(runner.run_all());
    CHECK(log == "job a, job b, done a, done b, job c, done c, ");
    CHECK(runner.is_idle());

    give("d");
    give("e");
    runner.run_job();
    runner.drop_all();
    CHECK(runner.run_all());
    CHECK(log == "job a, job b, done a, done b, job c, done c, job d, ");

    std::function<void()> again = [&] { runner.run([] {}, again); };
    again();
    CHECK_FALSE(runner.run_all(100)); // it does not end
}
