#include "tail/sender.hpp"

#include "support/fake_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

using forward::Fate;
using Texts = std::vector<std::string>;

// Takes `room` records and no more, and remembers them as "begin-end value".
class Taker final : public forward::LogConsumer {
  public:
    std::size_t offer_log(const forward::LogBatch& batch) override {
        const auto count = std::min(room, batch.records.size());
        for (const auto& record : batch.records.first(count)) {
            CHECK(record.src.starts_with("aaaaaaaaaaaaaaaa@"));
            CHECK(record.value.data() != nullptr);
            taken.push_back(std::string(record.src.substr(17)) + " " + std::string(record.value));
            tickets.push_back(batch.ticket);
            keys.emplace_back(batch.key.data() == nullptr ? "none" : batch.key);
            topic = batch.topic;
        }
        room -= count;
        return count;
    }
    void take_log_answers(std::vector<forward::LogAnswer>&) override {}

    Texts take() { return std::exchange(taken, {}); }

    std::size_t room = 1000;
    Texts taken;
    Texts keys;
    std::vector<std::uint64_t> tickets;
    forward::LogTopic topic = 0;
};

class Rig {
  public:
    Rig() {
        file.uid = "aaaaaaaaaaaaaaaa";
        file.path = "/l/now";
        file.first_path = "/l/first";
        file.max_record_bytes = 1 << 20;
    }

    // Lines one behind the other, as a read gives them.
    Batch& add(const Texts& lines) {
        std::string bytes;
        std::vector<Cut> cuts;
        for (const auto& line : lines) {
            const auto size = static_cast<std::uint32_t>(line.size());
            cuts.push_back(
                {.at = static_cast<std::uint32_t>(bytes.size()), .size_bytes = size, .span_bytes = size + 1});
            bytes += line + "\n";
        }
        return add(bytes, std::move(cuts));
    }

    Batch& add(const std::string& bytes, std::vector<Cut> cuts) {
        auto batch = std::make_unique<Batch>();
        batch->file = &file;
        batch->buffer = buffers.take(3 + bytes.size());
        batch->begins_at = 3;
        std::memcpy(batch->buffer.bytes.get() + 3, bytes.data(), bytes.size());
        batch->begin = file.read_offset;
        batch->end = file.read_offset += bytes.size();
        batch->mark = make_mark(batch->end, bytes.size() >= mark_bytes ? bytes : std::string(mark_bytes, '.') + bytes);
        batch->frame_left = static_cast<std::uint32_t>(batch->end); // any number: that it comes out with the offset
        batch->records = std::move(cuts);
        auto& added = *batch;
        sender.add(std::move(batch));
        return added;
    }

    void answer(Batch& batch, Fate fate, std::uint32_t records) {
        sender.answer(batch, {.ticket = reinterpret_cast<std::uint64_t>(&batch), .records = records, .fate = fate});
    }

    test::FakeClock clock;
    Taker consumer;
    BufferPool buffers{1 << 20};
    StreamStats stats;
    TailedFile file;
    Sender sender{{.topic = 7, .key = RecordKey::none, .max_records = 4}, consumer, buffers, clock, stats};
};

TEST_CASE("records go out in the file's order, and cover it without a gap") {
    Rig rig;
    auto& first = rig.add({"one", "", "three"});
    auto& second = rig.add({"four"});
    CHECK(rig.sender.send());
    CHECK(rig.consumer.take() == Texts{"0-4 one", "4-5 ", "5-11 three", "11-16 four"});
    CHECK(rig.consumer.topic == 7);
    CHECK(rig.consumer.keys == Texts(4, "none"));
    CHECK(rig.consumer.tickets == std::vector<std::uint64_t>{reinterpret_cast<std::uint64_t>(&first),
                                                             reinterpret_cast<std::uint64_t>(&first),
                                                             reinterpret_cast<std::uint64_t>(&first),
                                                             reinterpret_cast<std::uint64_t>(&second)});
    CHECK(rig.sender.unanswered() == 4);
    CHECK_FALSE(rig.sender.has_room());
    CHECK(rig.sender.send());
    CHECK(rig.consumer.take().empty());
}

TEST_CASE("the key is the path that the file had first") {
    Rig rig;
    Sender sender({.topic = 0, .key = RecordKey::file, .max_records = 9}, rig.consumer, rig.buffers, rig.clock,
                  rig.stats);
    auto batch = std::make_unique<Batch>();
    batch->file = &rig.file;
    batch->buffer = rig.buffers.take(1);
    batch->records = {{.at = 0, .size_bytes = 0, .span_bytes = 1}};
    batch->end = 1;
    sender.add(std::move(batch));
    CHECK(sender.send());
    CHECK(rig.consumer.keys == Texts{"/l/first"});
}

TEST_CASE("more records than one call takes") {
    Rig rig;
    Texts lines;
    for (int i = 0; i < 200; ++i) {
        lines.push_back(std::to_string(i));
    }
    rig.add(lines);
    rig.consumer.room = 100;
    CHECK_FALSE(rig.sender.send());
    rig.consumer.room = 1000;
    CHECK(rig.sender.send());
    CHECK(rig.sender.unanswered() == 200);
    const auto taken = rig.consumer.take();
    REQUIRE(taken.size() == 200);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        const auto end = begin + lines[i].size() + 1;
        CHECK(taken[i] == std::to_string(begin) + "-" + std::to_string(end) + " " + lines[i]);
        begin = end;
    }
}

TEST_CASE("only what is acknowledged without a gap counts") {
    Rig rig;
    auto& first = rig.add({"one", "two"});
    auto& second = rig.add({"three"});
    rig.sender.send();
    rig.answer(second, Fate::delivered, 1);
    CHECK(rig.file.acked_offset == 0);
    CHECK_FALSE(rig.sender.take_progress());
    rig.answer(first, Fate::delivered, 1);
    CHECK(rig.file.acked_offset == 0);
    CHECK_FALSE(rig.sender.is_empty());
    const auto mark = first.mark;
    const auto last_mark = second.mark;
    rig.answer(first, Fate::delivered, 1);
    CHECK(rig.file.acked_offset == 14);
    CHECK(rig.file.acked_frame_left == 14);
    CHECK(rig.sender.take_progress());
    CHECK_FALSE(rig.sender.take_progress());
    CHECK(rig.sender.is_empty());
    CHECK(rig.file.batches.empty());
    CHECK(rig.buffers.used_bytes() == 0);
    CHECK(rig.stats.acked_bytes == 14);
    CHECK(rig.stats.acked_records == 3);
    REQUIRE(rig.file.marks.at(8) != nullptr);
    CHECK(*rig.file.marks.at(8) == mark);
    CHECK(*rig.file.marks.at(14) == last_mark);
}

TEST_CASE("bytes that are in no record are acknowledged when those before them are") {
    Rig rig;
    auto& first = rig.add({"one"});
    rig.add("\0\0\0", {});
    CHECK(rig.file.acked_offset == 0);
    rig.sender.send();
    rig.answer(first, Fate::delivered, 1);
    CHECK(rig.file.acked_offset == rig.file.read_offset);
    CHECK(rig.stats.acked_bytes == 4);
    rig.add("xx", {});
    CHECK(rig.file.acked_offset == rig.file.read_offset);
    CHECK(rig.sender.is_empty());
}

TEST_CASE("a batch that comes back goes out again as a whole, before what waits") {
    Rig rig;
    auto& first = rig.add({"one", "two"});
    rig.sender.send();
    rig.consumer.take();
    rig.add({"three"});
    rig.answer(first, Fate::delivered, 1);
    rig.answer(first, Fate::retry, 1);
    CHECK(rig.file.acked_offset == 0);
    rig.sender.send();
    CHECK(rig.consumer.take() == Texts{"0-4 one", "4-8 two", "8-14 three"});
    rig.answer(first, Fate::delivered, 2);
    CHECK(rig.file.acked_offset == 8);
}

TEST_CASE("a batch of which a part was accepted: the answers decide whatever their order") {
    // What a random consumer takes and answers, in any order: all of it gets through in the end.
    for (unsigned seed = 0; seed < 64; ++seed) {
        CAPTURE(seed);
        Rig rig;
        rig.consumer.room = 2;
        auto& batch = rig.add({"one", "two", "three"});
        rig.sender.send();
        CHECK(rig.consumer.take() == Texts{"0-4 one", "4-8 two"});
        const bool is_first_retry = (seed & 1) != 0;
        const bool sends_between = (seed & 2) != 0;
        const bool has_room_between = (seed & 4) != 0;
        rig.answer(batch, is_first_retry ? Fate::retry : Fate::delivered, 1);
        rig.consumer.room = has_room_between ? 9 : 0;
        if (sends_between) {
            rig.sender.send();
        }
        const bool is_third_out = rig.sender.unanswered() == 2;
        rig.answer(batch, is_first_retry ? Fate::delivered : Fate::retry, 1);
        if (is_third_out) {
            rig.answer(batch, Fate::delivered, 1);
        }
        rig.consumer.take();
        rig.consumer.room = 9;
        rig.sender.send();
        CHECK(rig.consumer.take() == Texts{"0-4 one", "4-8 two", "8-14 three"});
        REQUIRE(rig.sender.unanswered() == 3);
        rig.answer(batch, Fate::delivered, 3);
        CHECK(rig.file.acked_offset == 14);
        CHECK(rig.sender.is_empty());
    }
}

TEST_CASE("too large: sent again in halves; a frame's length goes with the first part, LF with the last") {
    Rig rig;
    const std::string text(3000, 'x');
    rig.file.max_record_bytes = 1 << 20; // halves of what was too large, not of what may be
    auto& batch = rig.add(std::string("\0\0\x0B\xB8", 4) + text + text + "\n" + "short\n",
                          {{.at = 4, .size_bytes = 3000, .span_bytes = 3004},
                           {.at = 3004, .size_bytes = 3000, .span_bytes = 3001},
                           {.at = 6005, .size_bytes = 5, .span_bytes = 6}});
    rig.sender.send();
    rig.consumer.take();
    rig.answer(batch, Fate::delivered, 2);
    rig.answer(batch, Fate::too_large, 1);
    CHECK(rig.sender.send());
    CHECK(rig.file.max_record_bytes == 1500);
    const auto half = " " + std::string(1500, 'x');
    CHECK(rig.consumer.take() ==
          Texts{"0-1504" + half, "1504-3004" + half, "3004-4504" + half, "4504-6005" + half, "6005-6011 short"});
    CHECK(rig.sender.unanswered() == 5);
    rig.answer(batch, Fate::too_large, 5);
    rig.sender.send();
    CHECK(rig.file.max_record_bytes == 1024); // no smaller ones
    CHECK(rig.consumer.take().size() == 9);
    rig.answer(batch, Fate::too_large, 1); // given up
    CHECK(rig.stats.skipped[static_cast<std::size_t>(Skip::refused)].bytes == 6011 / 9);
    rig.answer(batch, Fate::refused, 1);
    rig.answer(batch, Fate::delivered, 7);
    CHECK(rig.stats.skipped[static_cast<std::size_t>(Skip::refused)].bytes == 2 * (6011 / 9));
    CHECK(rig.file.acked_offset == 6011);
    CHECK(rig.sender.is_empty());
}

} // namespace
} // namespace agent::tail
