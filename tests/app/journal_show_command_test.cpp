#include "app/journal_show_command.hpp"

#include "app/exit_code.hpp"
#include "journal/crc32c.hpp"
#include "journal/delta_entry.hpp"
#include "journal/file_header.hpp"
#include "journal/little_endian.hpp"
#include "journal/record_frame.hpp"
#include "journal/watermark.hpp"
#include "support/bytes.hpp"
#include "support/fake_file_system.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace agent;
using nlohmann::json;
using test::Bytes;

namespace {

constexpr std::int64_t bucket_ms = 1'763'750'400'000;
const std::string delta_path = "state/deltas/00000000000000000005.delta";
const std::string first_path = "state/outbox/mabs/00000000000000000002.records";
const std::string second_path = "state/outbox/mabs/00000000000000000003.records";

template <typename Part>
void add(Bytes& to, const Part& part) {
    to.insert(to.end(), part.begin(), part.end());
}

Bytes file_of(journal::FileKind kind, std::uint64_t number, const std::string& run, std::uint64_t last_frame = 0) {
    Bytes file;
    add(file, encode(journal::FileHeader{.kind = kind, .number = number, .last_closed_frame = last_frame, .run = run}));
    return file;
}

Bytes record(std::uint64_t seq, std::uint64_t lines, std::int64_t sealed_ms, const journal::Origin& origin = {}) {
    Bytes frame;
    journal::append_record_frame({seq, origin, lines, sealed_ms, "key", "value"}, frame);
    return frame;
}

template <typename Fill>
Bytes deltas(std::uint64_t number, Fill fill) {
    Bytes frame(journal::frame_header_bytes);
    journal::DeltaEncoder encoder(frame);
    encoder.begin_frame(bucket_ms);
    fill(encoder);
    journal::finish_frame(frame, journal::FrameType::deltas, number);
    return frame;
}

journal::BucketHead head(std::uint64_t id, std::uint32_t lines, bool is_first, int bucket = 0) {
    return {.series_id = id, .start_ms = bucket_ms + bucket * 60'000, .lines = lines, .is_first = is_first};
}

// Frames 5 to 7. Series 1: a bucket of which a record holds frame 5, and a later one; series 2 by node, which begins
// afresh without a record; series 3 sealed in the second record.
Bytes delta_file() {
    auto file = file_of(journal::FileKind::deltas, 5, "run-b", 4);
    add(file, deltas(5, [](auto& to) {
            to.resolution(60'000);
            to.define(1, core::SeriesType::counter, false, "a", "");
            to.define(2, core::SeriesType::counter, true, "a", "");
            to.define(3, core::SeriesType::gauge, false, "g", "x=y");
            to.counter(head(1, 3, true), 30);
            to.counter(head(2, 4, true), 40);
            to.gauge(head(3, 100, true), {});
        }));
    add(file, deltas(6, [](auto& to) {
            to.counter(head(1, 5, true), 50);
            to.counter(head(2, 6, true), 60);
        }));
    add(file, deltas(7, [](auto& to) {
            to.counter(head(1, 7, false), 70); // the whole state: 7 lines, not 12
            to.counter(head(1, 1, true, 1), 1);
        }));
    return file;
}

struct Disk {
    Disk() {
        for (const auto* const folder : {"state", "state/deltas", "state/outbox", "state/outbox/mabs",
                                         "state/set-aside", "state/dead-letter", "state/outbox/tsdb"}) {
            REQUIRE(files.make_directory(folder).has_value());
        }
        put("state/lock", {});
        put(delta_path, delta_file());
        auto first = file_of(journal::FileKind::records, 2, "run-a");
        for (std::uint64_t seq = 8; seq <= 10; ++seq) {
            add(first, record(seq, 2, 1000 * static_cast<std::int64_t>(seq)));
        }
        put(first_path, first);
        auto second = file_of(journal::FileKind::records, 3, "run-b", 4);
        add(second, record(1, 3, 9'000, {1, bucket_ms, 5}));
        add(second, record(2, 100, 20'000, {3, bucket_ms, 5}));
        put(second_path, second);
        put("state/outbox/mabs/watermark", bytes_of(encode(journal::Watermark{2, 9})));
    }

    template <typename Array>
    static Bytes bytes_of(const Array& array) {
        return {array.begin(), array.end()};
    }

    void put(const std::string& path, const Bytes& content) {
        const auto file = files.create(path);
        REQUIRE(file.has_value());
        if (!content.empty()) {
            REQUIRE(files.write_at(*file, content, 0).has_value());
        }
        files.close(*file);
    }

    Bytes get(const std::string& path) {
        Bytes content(1 << 20);
        const auto file = files.open(path);
        REQUIRE(file.has_value());
        content.resize(files.read_at(*file, content, 0).value());
        files.close(*file);
        return content;
    }

    void flip(const std::string& path, std::size_t byte) {
        auto content = get(path);
        test::flip_bit(content, 8 * byte);
        put(path, content);
    }

    struct Shown {
        int code;
        std::string out;
        std::string err;
        json of() const { return json::parse(out); }
    };

    Shown show(bool is_json = true, std::optional<int> holder = {}, const std::string& directory = "state") {
        std::ostringstream out;
        std::ostringstream err;
        const int code = app::show_journal(files, out, err, {directory, is_json, holder});
        return {code, out.str(), err.str()};
    }

    test::FakeFileSystem files;
};

} // namespace

TEST_CASE("what is there is shown, and nothing is changed") {
    Disk disk;
    std::uint64_t changes = 0;
    disk.files.faults.before_call = [&](test::Call call, const std::string&) {
        const bool reads = call == test::Call::open || call == test::Call::read || call == test::Call::list_files;
        changes += reads ? 0 : 1;
        return 0;
    };
    const auto shown = disk.show();
    CHECK(shown.code == app::exit_ok);
    CHECK(changes == 0);
    CHECK(disk.files.open_descriptors() == 0);
    const auto all = shown.of();
    CHECK(all["in_use"] == false);
    REQUIRE(all["deltas"].size() == 1);
    const auto& segment = all["deltas"][0];
    CHECK(segment["first_frame"] == 5);
    CHECK(segment["last_frame"] == 7);
    CHECK(segment["entries"] == 7);
    CHECK(segment["torn_bytes"] == 0);
    const auto& mabs = all["records"]["mabs"];
    CHECK(mabs["files"] == 2);
    CHECK(mabs["answered_records"] == 2);
    CHECK(mabs["pending_records"] == 3);
    CHECK(mabs["pending_lines"] == 105);
    CHECK(mabs["pending_bytes"] == 24);
    CHECK(mabs["oldest_sealed_ms"] == 9'000);
    CHECK(mabs["newest_sealed_ms"] == 20'000);
    CHECK(mabs["runs"] == json{{"run-a", 1}, {"run-b", 2}});
    CHECK(mabs["watermark"] == json{{"file", 2}, {"seq", 9}});
    CHECK(all["records"]["tsdb"]["pending_records"] == 0);
    CHECK(all["records"]["tsdb"]["watermark"].is_null());
    CHECK(all["bytes"] == segment["bytes"].get<int>() + mabs["bytes"].get<int>());
    CHECK(all["damage"].empty());
}

TEST_CASE("open buckets are those that a start would take up") {
    Disk disk;
    const auto open = disk.show().of()["open"];
    CHECK(open["series"] == 2);
    CHECK(open["buckets"] == 4); // series 1: two; series 2: one, and what it was before it began afresh
    CHECK(open["lines"]["mabs"] == 7 + 1);
    CHECK(open["lines"]["mabs.by_node"] == 4 + 6);
}

TEST_CASE("each kind of damage is shown, with the file, and fails") {
    struct Case {
        const char* what;
        std::string path;
        std::size_t byte;
        const char* said;
    };
    for (const auto& [what, path, byte, said] : std::initializer_list<Case>{
             {"a frame in the middle", first_path, journal::file_header_bytes + 90, "no whole frame"},
             {"records header", first_path, 20, "sets it aside"},
             {"deltas header", delta_path, 20, "header"},
             {"deltas", delta_path, journal::file_header_bytes + 30, "no whole frame"},
             {"watermark", "state/outbox/mabs/watermark", 20, "sent again"}}) {
        CAPTURE(what);
        Disk disk;
        disk.flip(path, byte);
        const auto shown = disk.show();
        CHECK(shown.code == app::exit_failure);
        const auto damage = shown.of()["damage"];
        REQUIRE(damage.size() == 1);
        CHECK(damage[0]["places"] == 1);
        CHECK("state/" + damage[0]["file"].get<std::string>() == path);
        CHECK(damage[0]["what"].get<std::string>().find(said) != std::string::npos);
        const auto text = disk.show(false);
        CHECK(text.code == app::exit_failure);
        CHECK(text.out.find(said) != std::string::npos);
    }
}

TEST_CASE("a torn tail, a file that was being made and one of a newer version are no damage") {
    Disk disk;
    auto content = disk.get(second_path);
    content.resize(content.size() - 5);
    disk.put(second_path, content);
    disk.put("state/outbox/tsdb/00000000000000000001.records", Bytes(40));
    auto newer = file_of(journal::FileKind::records, 2, "run");
    newer[8] = std::byte{2};
    journal::store(newer.data() + 76, journal::crc32c(std::span(newer).first(76)));
    add(newer, record(1, 1, 1));
    disk.put("state/outbox/tsdb/00000000000000000002.records", newer);
    const auto shown = disk.show();
    CHECK(shown.code == app::exit_ok);
    const auto mabs = shown.of()["records"]["mabs"];
    CHECK(mabs["pending_records"] == 2);
    CHECK(mabs["torn_bytes"] == record(2, 100, 20'000).size() - 5);
    CHECK(shown.of()["records"]["tsdb"]["pending_records"] == 0);
    CHECK(shown.of()["newer"] ==
          json::array({{{"file", "outbox/tsdb/00000000000000000002.records"}, {"bytes", newer.size()}}}));
}

TEST_CASE("dead letters and files that were set aside") {
    Disk disk;
    auto letters = file_of(journal::FileKind::dead_letters, 0, "run");
    add(letters, record(4, 5, 1));
    disk.put("state/dead-letter/tsdb.records", letters);
    disk.put("state/set-aside/strange\nname", Bytes(7));
    const auto all = disk.show().of();
    CHECK(all["dead_letters"]["tsdb"]["records"] == 1);
    CHECK(all["dead_letters"]["tsdb"]["lines"] == 5);
    CHECK(all["dead_letters"]["mabs"]["records"] == 0);
    CHECK(all["set_aside"] == json::array({{{"file", "strange\nname"}, {"bytes", 7}}}));
    const auto text = disk.show(false);
    CHECK(text.code == app::exit_ok);
    CHECK(text.out.find("tsdb: 1 file") != std::string::npos);
    CHECK(text.out.find("strange?name: 7 bytes") != std::string::npos);
}

TEST_CASE("a lock that is held is said") {
    Disk disk;
    CHECK(disk.show(true, 4711).of()["process"] == 4711);
    CHECK(disk.show(true, 4711).of()["in_use"] == true);
    CHECK(disk.show(false, 4711).out.find("in use by a running agent (process 4711)") != std::string::npos);
    CHECK(disk.show(false).out.find("not in use") != std::string::npos);
}

TEST_CASE("what cannot be read is named") {
    Disk disk;
    for (const auto* const directory : {"nowhere", "state/outbox"}) {
        const auto shown = disk.show(true, {}, directory);
        CHECK(shown.code == app::exit_failure);
        CHECK(shown.out.empty());
        CHECK(shown.err.find(directory) != std::string::npos);
    }
    disk.files.faults.add(
        {.call = test::Call::list_files, .error = EACCES, .times = test::forever, .path_part = "outbox/tsdb"});
    const auto shown = disk.show();
    CHECK(shown.code == app::exit_failure);
    CHECK(shown.err.find("state/outbox/tsdb: Permission denied") != std::string::npos);
    disk.files.faults.clear();
    disk.files.faults.add({.call = test::Call::open, .error = EIO, .path_part = "00003.records"});
    const auto partly = disk.show();
    CHECK(partly.code == app::exit_failure);
    CHECK(partly.of()["damage"][0]["what"] == "cannot be read: Input/output error");
    CHECK(partly.of()["records"]["mabs"]["pending_records"] == 1);
}

TEST_CASE("a file that an agent removes meanwhile is left out") {
    Disk disk;
    disk.files.faults.add({.call = test::Call::open, .error = ENOENT, .path_part = "00002.records"});
    const auto shown = disk.show(true, 1);
    CHECK(shown.code == app::exit_ok);
    CHECK(shown.of()["records"]["mabs"]["files"] == 1);
}
