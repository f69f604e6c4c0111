#include "tail/file_identity.hpp"

#include "tail/buffer.hpp"
#include "tail/file_uid.hpp"
#include "tail/stream_stats.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

std::vector<std::uint64_t> offsets(const Marks& marks) {
    std::vector<std::uint64_t> offsets;
    for (const auto& mark : marks.all()) {
        offsets.push_back(mark.offset);
    }
    return offsets;
}

using Offsets = std::vector<std::uint64_t>;

TEST_CASE("the hash is FNV-1a of 64 bits") { // vectors of draft-eastlake-fnv
    CHECK(content_hash("") == 0xCBF29CE484222325);
    CHECK(content_hash("a") == 0xAF63DC4C8601EC8C);
    CHECK(content_hash("foobar") == 0x85944171F73967E8);
    CHECK(content_hash("\xFF") == 0xAF64724C8602EB6E); // bytes have no sign
}

TEST_CASE("a mark is made of the bytes right before the offset") {
    const std::string text(100, 'x');
    CHECK(mark_length(0) == 0);
    CHECK(mark_length(63) == 63);
    CHECK(mark_length(64) == 64);
    CHECK(mark_length(65) == 64);
    CHECK(make_mark(3, "abc") == Mark{.offset = 3, .hash = content_hash("abc")});
    CHECK(make_mark(3, "more abc") == Mark{.offset = 3, .hash = content_hash("abc")});
    CHECK(make_mark(1000, "y" + text) == Mark{.offset = 1000, .hash = content_hash(text.substr(0, 64))});
    CHECK(make_mark(1000, text + "y").hash == content_hash(text.substr(0, 63) + "y"));
    CHECK(make_mark(0, "") == Mark{.offset = 0, .hash = content_hash("")});
}

TEST_CASE("the same inode: the device may be another one, and the time of birth unknown") {
    const FileId id{.device = 1, .inode = 2, .birth_ns = 3};
    CHECK(is_same_inode(id, {.device = 9, .inode = 2, .birth_ns = 3}));
    CHECK(is_same_inode(id, {.device = 1, .inode = 2, .birth_ns = 0}));
    CHECK(is_same_inode({.device = 1, .inode = 2, .birth_ns = 0}, id));
    CHECK_FALSE(is_same_inode(id, {.device = 1, .inode = 2, .birth_ns = 4}));
    CHECK_FALSE(is_same_inode(id, {.device = 1, .inode = 3, .birth_ns = 3}));
}

TEST_CASE("the last mark is where reading has got to; those before are some time or some bytes apart") {
    Marks marks;
    marks.add({.offset = 10, .hash = 1}, 1000);
    marks.add({.offset = 20, .hash = 2}, 1001);
    marks.add({.offset = 30, .hash = 3}, 1002);
    CHECK(offsets(marks) == Offsets{10, 30});
    marks.add({.offset = 40, .hash = 4}, 1250); // 30 has become old enough
    CHECK(offsets(marks) == Offsets{10, 30, 40});
    marks.add({.offset = 2'000'000, .hash = 5}, 1251);
    CHECK(offsets(marks) == Offsets{10, 30, 2'000'000});
    marks.add({.offset = 4'000'000, .hash = 6}, 1252); // far from the one before
    CHECK(offsets(marks) == Offsets{10, 30, 2'000'000, 4'000'000});
}

TEST_CASE("with thousands of small steps marks reach back some seconds, and are bounded") {
    Marks marks;
    for (int i = 1; i <= 10'000; ++i) {
        marks.add({.offset = static_cast<std::uint64_t>(i) * 100, .hash = 0}, i);
        REQUIRE(marks.all().size() <= max_marks);
        REQUIRE(marks.all().back().offset == static_cast<std::uint64_t>(i) * 100);
        REQUIRE(std::ranges::is_sorted(offsets(marks)));
    }
    CHECK(marks.all().size() == max_marks);
    CHECK(marks.all().front().offset <= 750'000); // 2.5 seconds ago at the least
}

TEST_CASE("marks: at an offset, going back, restored, cleared") {
    Marks marks;
    CHECK(marks.at(0) == nullptr);
    marks.add({.offset = 10, .hash = 1}, 0);
    marks.add({.offset = 20, .hash = 2}, 1000);
    REQUIRE(marks.at(20) != nullptr);
    CHECK(marks.at(20)->hash == 2);
    CHECK(marks.at(15) == nullptr);
    marks.add({.offset = 15, .hash = 3}, 2000); // what was behind it is other bytes now
    CHECK(offsets(marks) == Offsets{10, 15});
    marks.add({.offset = 15, .hash = 4}, 3000);
    CHECK(offsets(marks) == Offsets{10, 15});
    CHECK(marks.at(15)->hash == 4);
    marks.restore({{.offset = 5, .hash = 9}});
    CHECK(offsets(marks) == Offsets{5});
    marks.clear();
    CHECK(marks.all().empty());
}

TEST_CASE("uids: 16 characters a-z 2-7") {
    CHECK(is_uid("abcdefghijklmnop"));
    CHECK(is_uid("qrstuvwxyz234567"));
    for (const char* const wrong : {"", "abcdefghijklmno", "abcdefghijklmnopq", "abcdefghijklmno1", "abcdefghijklmno8",
                                    "Abcdefghijklmnop", "abcdefgh ijklmno", "abcdefghijklmno@"}) {
        CAPTURE(wrong);
        CHECK_FALSE(is_uid(wrong));
    }
    std::set<std::string> all;
    std::set<char> used;
    for (int i = 0; i < 1000; ++i) {
        const auto uid = make_uid();
        CHECK(is_uid(uid));
        all.insert(uid);
        used.insert(uid.begin(), uid.end());
    }
    CHECK(all.size() == 1000);
    CHECK(used.size() == 32);
}

TEST_CASE("derived uids: the same of the same file, others of all others") {
    const FileId id{.device = 1, .inode = 2, .birth_ns = 3};
    const Fingerprint print{.length = 4, .hash = 5};
    const auto uid = derived_uid(id, print);
    CHECK(is_uid(uid));
    CHECK(derived_uid(id, print) == uid);
    CHECK(derived_uid({.device = 9, .inode = 2, .birth_ns = 3}, print) == uid); // another one after a reboot
    CHECK(derived_uid({.device = 1, .inode = 3, .birth_ns = 3}, print) != uid);
    CHECK(derived_uid({.device = 1, .inode = 2, .birth_ns = 4}, print) != uid);
    CHECK(derived_uid(id, {.length = 5, .hash = 5}) != uid);
    CHECK(derived_uid(id, {.length = 4, .hash = 6}) != uid);
    CHECK(derived_uid({.device = 1, .inode = 3, .birth_ns = 2}, print) != uid);
    CHECK(uid.substr(0, 8) != uid.substr(8));
}

TEST_CASE("buffers are used again, and never more than there may be is kept") {
    constexpr std::size_t kib = 1024;
    BufferPool pool(300 * kib);
    auto first = pool.take(100 * kib);
    CHECK(first.capacity_bytes == 100 * kib);
    CHECK(pool.used_bytes() == 100 * kib);
    CHECK_FALSE(pool.is_full());
    const char* const bytes = first.bytes.get();
    pool.give_back(std::move(first));
    CHECK(pool.used_bytes() == 0);
    auto again = pool.take(60 * kib); // at most twice as large as asked for
    CHECK(again.bytes.get() == bytes);
    CHECK(again.capacity_bytes == 100 * kib);
    CHECK(pool.used_bytes() == 100 * kib);
    auto large = pool.take(250 * kib); // one may pass the bound
    CHECK(pool.is_full());
    pool.give_back(std::move(large)); // and is not kept
    pool.give_back(std::move(again));
    CHECK(pool.used_bytes() == 0);
    auto small = pool.take(40 * kib); // 100 is more than twice as large
    CHECK(small.capacity_bytes == 40 * kib);
    CHECK(pool.used_bytes() == 40 * kib);
    pool.give_back(std::move(small));
    pool.trim();
    auto fresh = pool.take(100 * kib);
    CHECK(fresh.capacity_bytes == 100 * kib);
    CHECK(pool.used_bytes() == 100 * kib);
    pool.give_back(std::move(fresh));
    auto tiny = pool.take(0);
    CHECK(pool.used_bytes() == 0);
    pool.give_back(std::move(tiny));
}

TEST_CASE("durations: the share's bucket, within an eighth") {
    Durations durations;
    CHECK(durations.quantile_us(0.5) == 0);
    for (const std::int64_t us : {1, 7, 100, 999, 1000, 123'456, 5'000'000}) {
        CAPTURE(us);
        Durations one;
        one.add(us);
        const auto told = static_cast<std::int64_t>(one.quantile_us(0.99));
        CHECK(told >= us);
        CHECK(told <= us + us / 8 + 1);
    }
    for (int us = 1; us <= 1000; ++us) {
        durations.add(us);
    }
    CHECK(durations.quantile_us(0.5) >= 500);
    CHECK(durations.quantile_us(0.5) <= 576);
    CHECK(durations.quantile_us(0.99) >= 991);
    CHECK(durations.quantile_us(0.99) <= 1024);
    Durations odd;
    odd.add(-5); // a clock that went back
    CHECK(odd.quantile_us(0.5) <= 1);
    odd.add(INT64_MAX);
    odd.add(INT64_MAX);
    CHECK(odd.quantile_us(0.5) > 1'000'000'000); // the last bucket
}

TEST_CASE("what was skipped is counted by its reason") {
    StreamStats stats;
    stats.skip(Skip::hole, 10);
    stats.skip(Skip::hole, 5, 1);
    stats.skip(Skip::refused, 7);
    CHECK(stats.skipped[static_cast<std::size_t>(Skip::hole)].bytes == 15);
    CHECK(stats.skipped[static_cast<std::size_t>(Skip::hole)].files == 1);
    CHECK(stats.skipped[static_cast<std::size_t>(Skip::refused)].bytes == 7);
    CHECK(name_of(Skip::hole) == "hole");
    CHECK(name_of(Skip::refused) == "refused");
}

} // namespace
} // namespace agent::tail
