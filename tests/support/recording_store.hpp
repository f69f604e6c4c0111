// A RecordStore that keeps what it was given, or answers `full` when the test says so.
#pragma once

#include "journal/record_store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agent::test {

struct StoredRecord {
    core::Topic topic = core::Topic::mabs;
    std::string key;
    std::string value;
    std::uint64_t lines = 0;
    std::int64_t sealed_ms = 0;
    journal::Origin origin{};
};

class RecordingStore final : public journal::RecordStore {
  public:
    std::vector<StoredRecord> records;
    std::size_t room = SIZE_MAX; // how many more are taken before `full`
    std::uint64_t refusals = 0;

    journal::Append append(core::Topic topic, std::string_view key, std::string_view value, std::uint64_t lines,
                           std::int64_t sealed_ms, const journal::Origin& origin) override {
        if (room == 0) {
            ++refusals;
            return journal::Append::full;
        }
        --room;
        records.push_back({topic, std::string(key), std::string(value), lines, sealed_ms, origin});
        return journal::Append::accepted;
    }

    std::vector<StoredRecord> of(core::Topic topic) const {
        std::vector<StoredRecord> list;
        for (const auto& record : records) {
            if (record.topic == topic) {
                list.push_back(record);
            }
        }
        return list;
    }

    std::uint64_t lines_of(core::Topic topic) const {
        std::uint64_t lines = 0;
        for (const auto& record : of(topic)) {
            lines += record.lines;
        }
        return lines;
    }
};

} // namespace agent::test
