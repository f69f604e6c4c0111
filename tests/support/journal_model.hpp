// What was sent to agents that share a state directory, one after the other, what they promised, and what a consumer
// that looks at (topic, run, seq) has counted: line by line. The n-th line of a bucket has the value 4^n, so that the
// digits of a sum say how often each line is in it.
#pragma once

#include "core/topic.hpp"
#include "support/recording_consumer.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace agent::test {

class JournalModel {
  public:
    static constexpr unsigned most_lines = 24; // of a bucket: 4^24 is exact in a double

    // Topic, type, key, start and length of the bucket in ms.
    using Place = std::tuple<core::Topic, std::string, std::string, std::int64_t, std::int64_t>;

    struct Line {
        std::vector<Place> places;
        unsigned digit = 0;
    };

    bool has_digit(const Place& place) const {
        const auto found = next_digits_.find(place);
        return found == next_digits_.end() || found->second < most_lines;
    }
    unsigned take_digit(const Place& place) { return next_digits_[place]++; }

    void accepted(Line line) {
        for (const auto& place : line.places) {
            fates_[place][line.digit].is_accepted = true;
        }
        lines_.push_back(std::move(line));
    }
    std::size_t line_count() const { return lines_.size(); }

    // The lines from `first` up to `end`.
    void promised(std::size_t first, std::size_t end) {
        for (; first < end; ++first) {
            for (const auto& place : lines_[first].places) {
                fates_[place][lines_[first].digit].is_promised = true;
            }
        }
    }

    // A record was handed to the client library. `may_repeat`: what is in it may be counted again as another one;
    // `has_arrived`: Kafka has it, whatever is answered.
    void offered(const SeenRecord& record, bool may_repeat, bool has_arrived) {
        const Id id{record.topic, record.run, record.seq};
        auto& [bytes, arrived] = records_[id];
        const auto its_bytes = record.key + "\n" + record.value;
        if (bytes.empty()) {
            bytes = its_bytes;
        }
        CHECK_MESSAGE(bytes == its_bytes, "two contents of one id");
        arrived = arrived || has_arrived;
        if (may_repeat && record.topic != core::Topic::agent) {
            each_line(id, bytes, [](Fate& fate, unsigned) { fate.may_repeat = true; });
        }
    }
    void delivered(core::Topic topic, const std::string& run, std::uint64_t seq) {
        records_.at({topic, run, seq}).has_arrived = true;
    }

    // When everything has been delivered.
    void check(bool is_complete) {
        for (const auto& [id, record] : records_) {
            if (record.has_arrived && std::get<0>(id) != core::Topic::agent) {
                each_line(id, record.bytes, [](Fate& fate, unsigned count) { fate.count += count; });
            }
        }
        for (const auto& [place, fates] : fates_) {
            for (unsigned digit = 0; digit < most_lines; ++digit) {
                const auto& fate = fates[digit];
                if ((fate.is_promised && is_complete && fate.count == 0) || (!fate.is_accepted && fate.count != 0) ||
                    (!fate.may_repeat && fate.count > 1)) {
                    FAIL_CHECK(std::get<1>(place), " ", std::get<2>(place), " of ", std::get<3>(place), ", line ",
                               digit, ": counted ", fate.count, " times, accepted ", fate.is_accepted, ", promised ",
                               fate.is_promised, ", in ", records_with(place, digit));
                }
                counted += fate.count;
                promised_lines += fate.is_promised ? 1 : 0;
            }
        }
    }

    std::uint64_t counted = 0;
    std::uint64_t promised_lines = 0;

  private:
    using Id = std::tuple<core::Topic, std::string, std::uint64_t>; // run, seq
    struct Fate {
        bool is_accepted = false;
        bool is_promised = false;
        bool may_repeat = false;
        unsigned count = 0;
    };
    struct Record {
        std::string bytes; // key, line end, value
        bool has_arrived = false;
    };

    static Place place_of(const Id& id, const std::string& bytes, std::uint64_t& sum, std::uint64_t& lines) {
        const auto end = bytes.find('\n');
        const auto value = nlohmann::json::parse(bytes.substr(end + 1));
        const std::string type = value["type"];
        const auto& total = value[type == "counter" || type == "point" ? "value" : "sum"];
        sum = total.is_number_unsigned() ? total.get<std::uint64_t>()
                                         : static_cast<std::uint64_t>(std::llround(total.get<double>()));
        lines = value["lines"];
        return {std::get<0>(id), type, bytes.substr(0, end), std::llround(value["ts"].get<double>() * 1000),
                value["interval"].get<std::int64_t>() * 1000};
    }

    template <typename Use>
    void each_line(const Id& id, const std::string& bytes, const Use& use) {
        std::uint64_t sum = 0;
        std::uint64_t lines = 0;
        auto& fates = fates_[place_of(id, bytes, sum, lines)];
        std::uint64_t digits = 0;
        for (unsigned digit = 0; digit < most_lines; ++digit, sum /= 4) {
            if (sum % 4 != 0) {
                use(fates[digit], static_cast<unsigned>(sum % 4));
                digits += sum % 4;
            }
        }
        CHECK_MESSAGE(digits == lines, "a record says that it is of other lines than it is: ", bytes);
    }

    std::string records_with(const Place& place, unsigned digit) const {
        std::string list;
        for (const auto& [id, record] : records_) {
            std::uint64_t sum = 0;
            std::uint64_t lines = 0;
            if (std::get<0>(id) == std::get<0>(place) && place_of(id, record.bytes, sum, lines) == place &&
                (sum >> (2 * digit)) % 4 != 0) {
                list += std::get<1>(id) + "/" + std::to_string(std::get<2>(id)) +
                        (record.has_arrived ? " " : "(not arrived) ");
            }
        }
        return list;
    }

    std::map<Place, unsigned> next_digits_;
    std::map<Place, std::array<Fate, most_lines>> fates_;
    std::vector<Line> lines_;
    std::map<Id, Record> records_;
};

} // namespace agent::test
