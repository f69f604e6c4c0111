#include "tail/sibling_search.hpp"

#include "support/sibling_rig.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using Rig = test::SiblingRig;
using test::lines;

TEST_CASE("names that rotation leaves behind") {
    struct Row {
        std::string_view name;
        std::string_view original;
        bool is_rotation;
    };
    const Row rows[] = {
        {"app.log.1", "app.log", true},
        {"app.log.12", "app.log", true},
        {"app.log-20261122", "app.log", true},
        {"app.log_2", "app.log", true},
        {"app.log.1.gz", "app.log", true},
        {"app.1.log", "app.log", true},
        {"app-20261122.log", "app.log", true},
        {"app_1.log", "app.log", true},
        {"app.log", "app.log", false},
        {"app.log.", "app.log", false},
        {"app.log1", "app.log", false},
        {"app..log", "app.log", false},
        {"app1.log", "app.log", false},
        {"app.log2.1", "app.log", false},
        {"b.app.log.1", "app.log", false},
        {"app.1", "app.log", false},
        {"app.1.txt", "app.log", false},
        {"syslog.1", "syslog", true},
        {"syslog-1", "syslog", true},
        {"syslog1", "syslog", false},
        {".log.1", ".log", true},
        {".1.log", ".log", false},
        {"app.log_old", "app.log", false},
        {"app-error.log", "app.log", false}, // a log of its own
        {"", "app.log", false},
        {"app", "app.log", false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.name);
        CHECK(is_rotation_of(row.name, row.original) == row.is_rotation);
        if (row.is_rotation) {
            const auto originals = originals_of("/l/" + std::string(row.name));
            CHECK(std::ranges::find(originals, "/l/" + std::string(row.original)) != originals.end());
        }
        for (const auto& original : originals_of("/l/" + std::string(row.name))) {
            CHECK(is_rotation_of(row.name, name_of(original)));
        }
    }
    CHECK(originals_of("/l/plain").empty());
    CHECK(originals_of("/a.b/plain").empty()); // of the same directory
}

TEST_CASE("renamed, whatever the new name: known by its inode, and by what it has before the offset") {
    Rig rig;
    rig.write("a.log", lines(0, 50));
    const auto lost = rig.lost({100, 200});
    rig.rename("a.log", "anything");
    rig.write("a.log", "new\n");
    const auto answer = rig.find(lost);
    REQUIRE(answer.rest.has_value());
    CHECK(name_of(answer.rest->path) == "anything");
    CHECK_FALSE(answer.is_copy);
    CHECK(answer.rest->facts.id == lost.id);
    CHECK(answer.rest->fingerprint == *fingerprint_of(answer.rest->file->get()));
    // Also where it is known: it is the file itself.
    rig.note_known("anything");
    CHECK(rig.rest(lost) == "anything");
    // Not where its inode is known to hold other bytes, or does.
    auto cut_short = lost;
    cut_short.is_cut_short = true;
    CHECK(rig.rest(cut_short).empty());
    rig.write("anything", lines(0, 20) + lines(100, 150)); // other bytes before the offset
    CHECK(rig.rest(lost).empty());
    rig.write("anything", lines(0, 10)); // shorter
    CHECK(rig.rest(lost).empty());
}

TEST_CASE("the inode is another file's now: birth or content tell") {
    Rig rig;
    rig.write("a.log", lines(0, 50));
    auto lost = rig.lost({200});
    rig.rename("a.log", "x");
    ++lost.id.birth_ns;
    CHECK(rig.rest(lost).empty());
    lost = [&] {
        rig.rename("x", "a.log");
        return rig.lost({200});
    }();
    rig.rename("a.log", "x");
    lost.fingerprint.hash ^= 1;
    CHECK(rig.rest(lost).empty());
}

TEST_CASE("copied and cut short: the copy has its beginning and its marks, whatever was written to it before") {
    Rig rig;
    rig.write("a.log", lines(0, 50));
    auto lost = rig.lost({100, 200});
    lost.is_cut_short = true;
    rig.copy("a.log", "a.log.1");
    rig.write("a.log", "new\n");
    rig.write("a.log.2", lines(1, 50));                          // another beginning
    rig.write("b.log.1", lines(0, 50));                          // of another file's name
    rig.write("a.log.3", lines(0, 20) + std::string(1000, 'x')); // other bytes where reading stopped
    CHECK(rig.rest(lost) == "a.log.1");
    CHECK(rig.find(lost).is_copy);
    rig.note_known("a.log.1"); // tailed as a file of its own
    CHECK(rig.rest(lost).empty());
    rig.known.clear();
    rig.rename("a.log.1", "a.log.1.gz");
    CHECK(rig.rest(lost).empty());
}

TEST_CASE("of several copies the one that has the most of it") {
    Rig rig;
    rig.write("a.log", lines(0, 50));
    auto lost = rig.lost({50, 100, 200});
    lost.is_cut_short = true;
    const auto text = lines(0, 50);
    lost.fingerprint = {.length = 40, .hash = content_hash(text.substr(0, 40))};
    rig.write("a.log.1", text.substr(0, 60)); // older, cut off by a full disk
    rig.write("a.log.2", text.substr(0, 120));
    rig.write("a.log.3", text.substr(0, 55));
    rig.write("a.log", "new\n");
    CHECK(rig.rest(lost) == "a.log.2");
    rig.write("a.log.9", text.substr(0, 201));
    CHECK(rig.rest(lost) == "a.log.9");
}

TEST_CASE("what it has in common with a lost file") {
    Rig rig;
    rig.write("a.log", lines(0, 50));
    const auto lost = rig.lost({50, 100, 200});
    const auto text = lines(0, 50);
    const auto common = [&](const LostFile& with, std::string_view content) {
        rig.write("c", content);
        return common_bytes(rig.open("c"), content.size(), with);
    };
    CHECK(common(lost, text) == 200);
    CHECK(common(lost, text + "more") == 200);
    CHECK(common(lost, text.substr(0, 300)) == 200); // its fingerprint is of more: the marks tell
    auto with = lost;
    with.fingerprint = {.length = 40, .hash = content_hash(text.substr(0, 40))};
    CHECK(common(with, text.substr(0, 200)) == 200);
    CHECK(common(with, text.substr(0, 199)) == 100);
    CHECK(common(with, text.substr(0, 99)) == 50);
    CHECK_FALSE(common(with, text.substr(0, 49)).has_value());
    CHECK_FALSE(common(with, text.substr(0, 150) + std::string(60, 'x')).has_value());
    with.offset = 0;
    with.marks.clear();
    CHECK(common(with, text.substr(0, 40)) == 0); // nothing was read of it
    with.fingerprint = {.length = 0, .hash = content_hash("")};
    CHECK_FALSE(common(with, text).has_value()); // an empty one has nothing to be known by
}

TEST_CASE("a directory that is gone or cannot be looked at says nothing") {
    const Rig rig;
    auto wanted = rig.request();
    wanted.wants_generations = true;
    wanted.path = rig.path("no/a.log"); // it may be mounted later
    const auto answer = find_siblings(wanted);
    CHECK(answer.is_unseen);
    CHECK(answer.generations.empty());
    std::filesystem::create_directory(rig.path("real"));
    std::filesystem::create_symlink("real", rig.path("link"));
    wanted.path = rig.path("link/a.log");
    CHECK(find_siblings(wanted).is_unseen);
    wanted.path = rig.path("real/a.log");
    CHECK_FALSE(find_siblings(wanted).is_unseen);
}

TEST_CASE("looks like the beginning of another file: its first bytes, and its last ones") {
    const Rig rig;
    const std::string text = lines(0, 3000);
    REQUIRE(text.size() > 3 * 4096);
    rig.write("a.log", text);
    const auto looks = [&](std::string_view content) {
        rig.write("c", content);
        return looks_like_beginning(rig.open("c"), rig.open("a.log"));
    };
    CHECK(looks(text));
    CHECK(looks(text.substr(0, 20'000)));
    CHECK(looks(text.substr(0, 10)));
    CHECK(looks(""));
    CHECK_FALSE(looks(text + "x"));
    CHECK_FALSE(looks("x" + text.substr(1, 20'000)));
    CHECK_FALSE(looks(text.substr(0, 19'999) + "#"));
    CHECK_FALSE(looks(text.substr(10, 100)));
}

} // namespace
} // namespace agent::tail
