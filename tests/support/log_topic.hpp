// A Kafka of the tests for log records: takes them, answers as it is told, and keeps what a consumer would read: for
// each uid the bytes of its file, put together from the ranges in `src`. Wrong ranges and ranges that contradict each
// other are remembered as faults.
#pragma once

#include "forward/log_consumer.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace agent::test {

// The bytes of one uid. What divides records (LF, lengths of frames) is known by the range only.
struct ShippedFile {
    std::string bytes;
    std::vector<bool> has;
    std::size_t records = 0;

    bool is_whole() const {
        return std::ranges::all_of(has, [](bool one) { return one; });
    }
};

class LogTopic final : public forward::LogConsumer {
  public:
    struct Record {
        std::string uid;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::string key;
        std::string value;
        bool is_keyed = false;
    };

    std::size_t offer_log(const forward::LogBatch& batch) override {
        std::size_t taken = 0;
        for (const auto& record : batch.records) {
            if (waiting_.size() >= room) {
                break;
            }
            waiting_.push_back({.ticket = batch.ticket, .record = read(batch, record)});
            ++taken;
        }
        return taken;
    }

    void take_log_answers(std::vector<forward::LogAnswer>& out) override {
        out.insert(out.end(), answers_.begin(), answers_.end());
        answers_.clear();
    }

    // The oldest of those that wait. Only what is delivered is read by anybody.
    bool answer(forward::Fate fate) {
        if (waiting_.empty()) {
            return false;
        }
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        answers_.push_back({.ticket = next.ticket, .records = 1, .fate = fate});
        if (fate == forward::Fate::delivered) {
            deliver(next.record);
        }
        return true;
    }

    // The sender has died: some of it came through all the same.
    void forget_sender(bool is_delivered) {
        for (const auto& each : waiting_) {
            if (is_delivered) {
                deliver(each.record);
            }
        }
        waiting_.clear();
        answers_.clear();
    }

    std::size_t waiting() const { return waiting_.size(); }

    std::size_t room = 1000;
    std::map<std::string, ShippedFile> files;
    std::vector<Record> delivered;
    std::vector<std::string> faults;

  private:
    struct Waiting {
        std::uint64_t ticket = 0;
        Record record;
    };

    Record read(const forward::LogBatch& batch, const forward::LogRecord& from) {
        Record record{.uid = {},
                      .begin = 0,
                      .end = 0,
                      .key = std::string(batch.key),
                      .value = std::string(from.value),
                      .is_keyed = batch.key.data() != nullptr};
        const auto at = from.src.find('@');
        const auto dash = from.src.find('-', at);
        if (at == std::string_view::npos || dash == std::string_view::npos) {
            faults.emplace_back("src " + std::string(from.src));
            return record;
        }
        record.uid = from.src.substr(0, at);
        std::from_chars(from.src.data() + at + 1, from.src.data() + dash, record.begin);
        std::from_chars(from.src.data() + dash + 1, from.src.data() + from.src.size(), record.end);
        return record;
    }

    void deliver(const Record& record) {
        delivered.push_back(record);
        auto& file = files[record.uid];
        ++file.records;
        const auto span = record.end - record.begin;
        auto bytes = record.value;
        if (span == bytes.size() + 1) {
            bytes.push_back('\n');
        }
        if (span != bytes.size()) {
            faults.push_back(record.uid + ": a range of " + std::to_string(span) + " bytes for a value of " +
                             std::to_string(record.value.size()));
            return;
        }
        if (file.bytes.size() < record.end) {
            file.bytes.resize(record.end);
            file.has.resize(record.end);
        }
        for (std::size_t i = 0; i < span; ++i) {
            const auto to = record.begin + i;
            if (file.has[to] && file.bytes[to] != bytes[i]) {
                faults.push_back(record.uid + ": two different bytes at " + std::to_string(to));
                return;
            }
            file.bytes[to] = bytes[i];
            file.has[to] = true;
        }
    }

    std::deque<Waiting> waiting_;
    std::vector<forward::LogAnswer> answers_;
};

} // namespace agent::test
