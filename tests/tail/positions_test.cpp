#include "tail/positions.hpp"

#include "support/temporary_directory.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace agent::tail {
namespace {

using namespace std::string_literals;

SavedFile file(const std::string& path) {
    return {.uid = "abcdefghijklmnop",
            .is_done = false,
            .offset = 1234,
            .frame_left = 0,
            .id = {.device = 64769, .inode = 17, .birth_ns = 1'763'750'431'000'000'001},
            .fingerprint = {.length = 1024, .hash = 0x0123456789ABCDEF},
            .marks = {{.offset = 64, .hash = 1}, {.offset = 1234, .hash = 0xFFFFFFFFFFFFFFFF}},
            .seen_ms = 1'763'750'431'250,
            .path = path,
            .first_path = path};
}

// What is wrong with it; empty: nothing.
std::string fault(std::string_view text) {
    const auto parsed = parse_positions(text);
    return parsed ? "" : parsed.error();
}

// With the last line that belongs to these lines.
std::string sealed(const std::string& lines, std::size_t count) {
    const auto text = "metrics-agent positions 1\n" + lines;
    char hash[17];
    std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(content_hash(text)));
    return text + "end " + std::to_string(count) + " " + hash + "\n";
}

TEST_CASE("the text, as docs say it") {
    auto moved = file("/var/log/a b%.log.1");
    moved.first_path = "/var/log/a b%.log";
    moved.is_done = true;
    moved.marks.clear();
    moved.frame_left = 5;
    const auto lines =
        "abcdefghijklmnop live 1234 0 64769 17 1763750431000000001 1024:0123456789abcdef 1763750431250 "
        "64:0000000000000001,1234:ffffffffffffffff /a.log =\n"
        "abcdefghijklmnop done 1234 5 64769 17 1763750431000000001 1024:0123456789abcdef 1763750431250 "
        "- /var/log/a%20b%25.log.1 /var/log/a%20b%25.log\n"s;
    CHECK(print_positions({file("/a.log"), moved}) == sealed(lines, 2));
    CHECK(print_positions({}) == sealed("", 0));
}

TEST_CASE("what is printed is read again, whatever the paths and numbers") {
    std::vector<SavedFile> files;
    for (const auto& path : {"/a"s, "/"s, "/ "s, "/\n"s, "/a\nend 1 "s, "/\x7F\x80\xFF"s, "/%41"s, "/="s, "/-"s,
                             "/\0x"s, "/"s + std::string(4095, ' ')}) {
        files.push_back(file(path));
        files.push_back(file(path));
        files.back().first_path = "/=" + path;
    }
    SavedFile largest = file("/l");
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    largest.offset = most;
    largest.frame_left = std::numeric_limits<std::uint32_t>::max();
    largest.id = {.device = most, .inode = most, .birth_ns = std::numeric_limits<std::int64_t>::min()};
    largest.fingerprint = {.length = 0, .hash = most};
    largest.marks.assign(max_marks, {.offset = most, .hash = most});
    largest.seen_ms = -1;
    files.push_back(largest);
    const auto parsed = parse_positions(print_positions(files));
    REQUIRE(parsed.has_value());
    CHECK(*parsed == files);
    const auto none = parse_positions(print_positions({}));
    REQUIRE(none.has_value());
    CHECK(none->empty());
}

TEST_CASE("cut short anywhere, it is refused") {
    const auto text = print_positions({file("/a.log"), file("/b.log")});
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(fault(text.substr(0, size)).empty());
    }
    CHECK(fault(text).empty());
}

TEST_CASE("any byte changed, lost, or twice: it is refused") {
    const auto text = print_positions({file("/a.log"), file("/b.log")});
    for (std::size_t at = 0; at < text.size(); ++at) {
        CAPTURE(at);
        for (const char byte : {'0', '1', 'f', 'F', ' ', '\n', '+', '\0', '\xFF'}) {
            auto changed = text;
            changed[at] = byte;
            CHECK(fault(changed).empty() == (byte == text[at]));
        }
        auto lost = text;
        lost.erase(at, 1);
        CHECK_FALSE(fault(lost).empty());
        auto twice = text;
        twice.insert(at, 1, text[at]);
        CHECK_FALSE(fault(twice).empty());
    }
    CHECK_FALSE(fault(text + text).empty());
    CHECK_FALSE(fault(text + "\n").empty());
    CHECK_FALSE(fault("\n" + text).empty());
}

TEST_CASE("lines that fit their hash and are no positions: refused, with their number") {
    const auto good = "abcdefghijklmnop live 1 0 1 17 1 4:0123456789abcdef 1 1:0000000000000001 /a.log =\n"s;
    CHECK(fault(sealed(good, 1)).empty());
    CHECK(fault(sealed(good + good, 2)).empty());
    CHECK_FALSE(fault(sealed(good, 2)).empty());
    CHECK_FALSE(fault(sealed(good, 0)).empty());
    const auto replaced = [&](const std::string& what, const std::string& with) {
        auto line = good;
        REQUIRE(line.find(what) != std::string::npos);
        return line.replace(line.find(what), what.size(), with);
    };
    const std::string rows[] = {
        "\n",
        "nothing\n",
        replaced("abcdefghijklmnop", "abcdefghijklmno"),
        replaced("abcdefghijklmnop", "abcdefghijklmno1"),
        replaced("live", "gone"),
        replaced("live ", "live  "),
        replaced("live 1", "live -1"),
        replaced("live 1", "live 18446744073709551616"),
        replaced("live 1", "live 0x1"),
        replaced("live 1 0", "live 1 4294967296"),
        replaced(" 17 ", " seventeen "),
        replaced(" 4:", " 1025:"), // longer than fingerprints are
        replaced(" 4:", " 4 "),
        replaced("0123456789abcdef", "g"),
        replaced("1:0000000000000001", "1"),
        replaced("1:0000000000000001", "1:"),
        replaced("1:0000000000000001", ":1"),
        replaced("1:0000000000000001", "1:1,,1:1"),
        replaced("/a.log", "a.log"),
        replaced("/a.log", "/a%2"),
        replaced("/a.log", "/a%"),
        replaced("/a.log", "/a%zz"),
        replaced("/a.log", "/a%+1"),
        replaced("/a.log", ""),
        replaced(" =", ""),
        replaced("=", "=="),
        replaced("=", "b.log"),
        replaced("=", "= more"),
        replaced("=", "/b.log more"),
    };
    for (const auto& row : rows) {
        CAPTURE(row);
        CHECK(fault(sealed(row, 1)) == "line 2: not a file's position");
        CHECK(fault(sealed(good + row, 2)) == "line 3: not a file's position");
    }
    std::string marks = "1:1";
    for (std::size_t i = 0; i < max_marks; ++i) {
        marks += ",1:1";
    }
    CHECK_FALSE(fault(sealed(replaced("1:0000000000000001", marks), 1)).empty());
    CHECK(fault("metrics-agent positions 2\nend 0 0000000000000000\n").starts_with("line 1: "));
    CHECK(fault("").starts_with("line 1: "));
}

TEST_CASE("saved and loaded; replaced as a whole") {
    const test::TemporaryDirectory directory;
    const auto path = directory / "t.positions";
    const auto missing = load_positions(path);
    REQUIRE(missing.has_value());
    CHECK_FALSE(missing->has_value());
    const auto text = print_positions(std::vector<SavedFile>(5000, file("/a.log")));
    REQUIRE(save_positions(path, text).has_value());
    auto loaded = load_positions(path);
    REQUIRE((loaded.has_value() && loaded->has_value()));
    CHECK(**loaded == text);
    REQUIRE(save_positions(path, "short").has_value());
    loaded = load_positions(path);
    REQUIRE((loaded.has_value() && loaded->has_value()));
    CHECK(**loaded == "short");
    struct stat info{};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0027) == 0); // paths are nobody else's business
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        count += entry.exists() ? 1 : 0;
    }
    CHECK(count == 1); // nothing is left beside it
    REQUIRE(save_positions(path, "").has_value());
    loaded = load_positions(path);
    REQUIRE((loaded.has_value() && loaded->has_value()));
    CHECK((*loaded)->empty());
}

TEST_CASE("what cannot be written or read is said, and the old one stays") {
    const test::TemporaryDirectory directory;
    CHECK(save_positions(directory / "no/t.positions", "x").error().value() == ENOENT);
    const auto path = directory / "t.positions";
    REQUIRE(save_positions(path, "old").has_value());
    std::filesystem::create_directory(path + ".new");
    CHECK_FALSE(save_positions(path, "new").has_value());
    const auto loaded = load_positions(path);
    REQUIRE((loaded.has_value() && loaded->has_value()));
    CHECK(**loaded == "old");
    CHECK_FALSE(load_positions(directory.path()).has_value()); // a directory
    CHECK_FALSE(load_positions(path + "/x").has_value());
}

} // namespace
} // namespace agent::tail
