#include "journal/dead_letters.hpp"

#include "core/limits.hpp"
#include "journal/feeder.hpp"
#include "journal/file_header.hpp"
#include "journal/frame_reader.hpp"
#include "journal/outbox.hpp"
#include "support/fake_file_system.hpp"
#include "support/manual_runner.hpp"
#include "support/recording_consumer.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace agent;
using core::Topic;
using forward::Fate;

namespace {

const std::string mabs_path = "state/dead-letter/mabs.records";

struct Letter {
    std::uint64_t seq;
    std::string key;
    std::string value;
    std::uint64_t lines;
    bool operator==(const Letter&) const = default;
};

// A disk with the directories of a state directory.
struct Disk {
    Disk() {
        for (const auto* const folder : {"state", "state/dead-letter", "state/set-aside"}) {
            REQUIRE(files.make_directory(folder).has_value());
        }
    }

    void put(const std::string& path, const std::string& content) {
        const auto file = files.create(path);
        REQUIRE(file.has_value());
        REQUIRE(files.write_at(*file, std::as_bytes(std::span(content)), 0).has_value());
        files.close(*file);
    }

    std::uint64_t size_of(const std::string& name, const std::string& folder = "state/dead-letter") {
        const auto list = files.list_files(folder);
        REQUIRE(list.has_value());
        for (const auto& entry : *list) {
            if (entry.name == name) {
                return entry.size_bytes;
            }
        }
        return 0;
    }

    std::vector<Letter> letters(const std::string& path = mabs_path) {
        const auto file = files.open(path);
        if (!file) {
            return {};
        }
        std::array<std::byte, journal::file_header_bytes> bytes{};
        journal::FileHeader header;
        CHECK(files.read_at(*file, bytes, 0).value() == bytes.size());
        CHECK(decode(bytes, header) == journal::HeaderCheck::good);
        CHECK(header.kind == journal::FileKind::dead_letters);
        std::vector<Letter> found;
        journal::FrameReader reader(files, *file, journal::file_header_bytes);
        while (const auto frame = reader.next()) {
            journal::StoredRecord record;
            CHECK(read_record(frame->header.sequence, frame->payload, record));
            found.push_back({record.seq, std::string(record.key), std::string(record.value), record.lines});
        }
        CHECK(reader.damaged_places() == 0);
        files.close(*file);
        return found;
    }

    test::FakeFileSystem files;
};

// One run of an agent on it.
struct Bench {
    explicit Bench(Disk& on, const std::string& run = "run")
        : disk(on),
          outbox(run, ledger),
          letters(outbox, on.files, writer, {"state/dead-letter", "state/set-aside", run},
                  [this](const std::string& path) { written.push_back(path); }),
          feeder(outbox, consumer, ledger) {}

    void answer(Fate fate, const std::string& value, Topic topic = Topic::mabs) {
        ledger.of(topic).accepted_lines += 2;
        REQUIRE(outbox.append(topic, "key", value, 2, 0) == journal::Append::accepted);
        feeder.pump();
        consumer.answer_all(fate);
        feeder.pump();
    }

    Disk& disk;
    core::Ledger ledger;
    test::ManualRunner writer;
    journal::Outbox outbox;
    std::vector<std::string> written;
    journal::DeadLetters letters;
    test::RecordingConsumer consumer;
    journal::Feeder feeder;
};

} // namespace

TEST_CASE("only what the broker will never take is set aside, as it was, by the writer") {
    Disk disk;
    Bench bench(disk);
    bench.answer(Fate::delivered, "good");
    bench.answer(Fate::too_large, "large");
    bench.answer(Fate::refused, "refused");
    bench.answer(Fate::refused, "point", Topic::tsdb);
    CHECK(bench.outbox.empty()); // nothing waits for the disk
    CHECK_FALSE(bench.letters.is_quiet());
    CHECK(disk.letters().empty());
    REQUIRE(bench.writer.run_all());
    CHECK(bench.letters.is_quiet());
    CHECK(disk.letters() == std::vector<Letter>{{2, "key", "large", 2}, {3, "key", "refused", 2}});
    CHECK(disk.letters("state/dead-letter/tsdb.records") == std::vector<Letter>{{1, "key", "point", 2}});
    CHECK(bench.letters.stats().kept_records == 3);
    CHECK(bench.letters.stats().lost_records == 0);
    CHECK(bench.written == std::vector<std::string>{mabs_path, mabs_path, "state/dead-letter/tsdb.records"});
    CHECK(bench.ledger.of(Topic::mabs).pending_lines() == 0);
}

TEST_CASE("the next run goes on behind the last whole frame, also after a torn one") {
    Disk disk;
    {
        Bench bench(disk, "first");
        bench.answer(Fate::too_large, "one");
        REQUIRE(bench.writer.run_all());
        disk.files.faults.add({.call = test::Call::write, .written_bytes = 30});
        bench.answer(Fate::too_large, std::string(500, 'x'));
        REQUIRE(bench.writer.run_all());
        CHECK(bench.letters.stats().lost_records == 1);
    }
    CHECK(disk.files.open_descriptors() == 0);
    Bench bench(disk, "second");
    bench.answer(Fate::refused, "two");
    REQUIRE(bench.writer.run_all());
    CHECK(disk.letters() == std::vector<Letter>{{1, "key", "one", 2}, {1, "key", "two", 2}});
}

TEST_CASE("it may be removed while the agent runs, and is locked only while it is written") {
    Disk disk;
    Bench bench(disk);
    bench.answer(Fate::too_large, "one");
    REQUIRE(bench.writer.run_all());
    CHECK(disk.files.open_descriptors() == 0);
    REQUIRE(disk.files.remove(mabs_path).has_value());
    bench.answer(Fate::too_large, "two");
    bench.answer(Fate::too_large, "three");
    REQUIRE(bench.writer.run_all());
    CHECK(disk.letters() == std::vector<Letter>{{2, "key", "two", 2}, {3, "key", "three", 2}});
}

TEST_CASE("what cannot be continued is moved away, and nothing of it is lost") {
    Disk disk;
    disk.put(mabs_path, std::string(100, 'r'));
    disk.put("state/dead-letter/tsdb.records", "MABS"); // killed while it was made
    Bench bench(disk);
    bench.answer(Fate::refused, "one");
    bench.answer(Fate::refused, "point", Topic::tsdb);
    REQUIRE(bench.writer.run_all());
    CHECK(disk.letters() == std::vector<Letter>{{1, "key", "one", 2}});
    CHECK(disk.letters("state/dead-letter/tsdb.records") == std::vector<Letter>{{1, "key", "point", 2}});
    CHECK(disk.size_of("dead-letter-mabs-run.records", "state/set-aside") == 100);
    CHECK(disk.files.list_files("state/set-aside")->size() == 1);
}

TEST_CASE("the file has a limit, for all runs together; beyond it records are only counted") {
    Disk disk;
    const std::string large(3 << 20, 'x');
    for (int run = 0; run < 2; ++run) {
        Bench bench(disk);
        for (int i = 0; i < 4; ++i) {
            bench.answer(Fate::too_large, large);
            REQUIRE(bench.writer.run_all());
        }
        CHECK(bench.letters.stats().kept_records == (run == 0 ? 4 : 1));
        CHECK(bench.letters.stats().lost_records == (run == 0 ? 0 : 3));
        CHECK(bench.letters.is_quiet());
    }
    CHECK(disk.size_of("mabs.records") <= core::limits::dead_letter_bytes);
    CHECK(disk.letters().size() == 5);
}

TEST_CASE("a writer that hangs costs bounded memory") {
    Disk disk;
    Bench bench(disk);
    for (int i = 0; i < 40; ++i) {
        bench.answer(Fate::too_large, std::string(1 << 20, 'x'));
    }
    CHECK(bench.writer.waiting() == 15); // with what stands around them 16 are more than the limit
    CHECK(bench.letters.stats().lost_records == 25);
}

TEST_CASE("a disk that fails loses them, counted, and is tried again") {
    for (const auto call : {test::Call::lock, test::Call::read, test::Call::write}) {
        Disk disk;
        Bench bench(disk);
        disk.files.faults.add({.call = call});
        bench.answer(Fate::too_large, "one");
        REQUIRE(bench.writer.run_all());
        CHECK(bench.letters.stats().lost_records == 1);
        CHECK(bench.written.empty());
        bench.answer(Fate::too_large, "two");
        REQUIRE(bench.writer.run_all());
        CHECK(disk.letters() == std::vector<Letter>{{2, "key", "two", 2}});
        CHECK(bench.letters.stats().kept_records == 1);
    }
}
