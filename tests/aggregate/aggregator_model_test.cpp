// Random lines, flushes in slices and a journal that fills up now and then, against a model of a few lines: whatever
// the records of a bucket are, together they are what the accepted lines said.
#include "aggregate/aggregator.hpp"
#include "support/aggregator_rig.hpp"
#include "support/digest_text.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using core::Topic;
using test::AggregatorRig;

__extension__ using Int128 = __int128;

// One bucket of one series on one topic. All numbers are such that doubles add up exactly.
struct Total {
    std::uint64_t lines = 0;
    Int128 counter = 0;
    double last = 0;
    std::int64_t last_ts_ms = std::numeric_limits<std::int64_t>::min();
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
    double sum = 0;
    double count = 0;

    friend bool operator==(const Total&, const Total&) = default;

    void observe(double its_min, double its_max, double its_sum, double its_count) {
        min = std::min(min, its_min);
        max = std::max(max, its_max);
        sum += its_sum;
        count += its_count;
    }
    void set_last(double value, std::int64_t ts_ms) {
        if (ts_ms >= last_ts_ms) {
            last = value;
            last_ts_ms = ts_ms;
        }
    }
};

using Place = std::tuple<Topic, std::string, std::string, std::int64_t>; // topic, type, key, bucket's start in ms
using Totals = std::map<Place, Total>;

struct Digest {
    std::string text;
    std::vector<double> samples;
};

struct RandomLine {
    std::string text;
    std::string type;
    std::string tags; // of the key: a=1,b=2
    std::string metric;
    std::int64_t timestamp_ms = 0;
    bool is_flagged = false;
    std::int64_t integer = 0;
    const Digest* digest = nullptr;
};

class Player {
  public:
    explicit Player(unsigned seed) : random_(seed) {
        for (int i = 0; i < 8; ++i) {
            Digest digest;
            for (auto left = 1 + random_() % 60; left > 0; --left) {
                digest.samples.push_back(static_cast<double>(random_() % 1000));
            }
            digest.text = test::digest_text(digest.samples);
            digests_.push_back(std::move(digest));
        }
    }

    void step() {
        const auto dice = random_() % 100;
        if (dice < 88) {
            send(random_line());
        } else if (dice < 90) {
            rig.aggregator.begin_flush();
        } else if (dice < 97) {
            rig.aggregator.work();
        } else if (dice < 99) {
            constexpr std::size_t rooms[] = {0, 1, 2, 5, 1000, SIZE_MAX};
            rig.store.room = rooms[random_() % std::size(rooms)];
        } else {
            rig.clock.advance(static_cast<std::int64_t>(random_() % 40'000));
        }
    }

    void finish() {
        rig.store.room = SIZE_MAX;
        rig.work_off();
        rig.flush();
    }

    AggregatorRig rig{small_options()};
    Totals model;
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;

  private:
    static AggregatorOptions small_options() {
        auto options = test::rig_options();
        options.resolution_ms = 10'000;
        return options;
    }

    RandomLine random_line() {
        RandomLine line;
        line.timestamp_ms = rig.clock.unix_ms();
        std::string timestamp;
        if (random_() % 2 == 0) {
            line.timestamp_ms -= static_cast<std::int64_t>(random_() % 5) * 10'000;
            line.timestamp_ms -= random_() % 3 == 0 ? line.timestamp_ms % 10'000 + random_() % 2 : 0; // at the edge
            line.timestamp_ms -= line.timestamp_ms % 10 == 0 ? line.timestamp_ms % 1000 : 0; // ties, for gauges
            timestamp = std::to_string(line.timestamp_ms) + " ";
        }
        line.metric = "m" + std::to_string(random_() % 3);
        std::string value;
        switch (random_() % 4) {
        case 0:
            line.type = "counter";
            line.integer = random_() % 8 != 0   ? static_cast<std::int64_t>(random_() % 2000) - 1000
                           : random_() % 2 == 0 ? std::numeric_limits<std::int64_t>::max() - 5
                                                : std::numeric_limits<std::int64_t>::min() + 5;
            value = std::to_string(line.integer);
            break;
        case 1:
            line.type = "histogram";
            line.digest = &digests_[random_() % digests_.size()];
            value = line.digest->text;
            break;
        default:
            line.type = random_() % 2 == 0 ? "gauge" : "sample";
            line.integer = static_cast<std::int64_t>(random_() % 2000) - 1000;
            value = std::to_string(line.integer);
            break;
        }
        const bool is_short = random_() % 2 == 0;
        line.text =
            "mabs " + (is_short ? line.type.substr(0, 1) : line.type) + " " + line.metric + " " + timestamp + value;
        if (line.type == "sample") {
            line.type = "histogram";
        }
        add_tags(line);
        return line;
    }

    void add_tags(RandomLine& line) {
        std::vector<std::string> tags;
        if (random_() % 2 == 0) {
            tags = {"a=1", "b=2"};
        } else if (random_() % 2 == 0) {
            tags = {"a=2"};
        }
        for (const auto& tag : tags) {
            line.tags += (line.tags.empty() ? "" : ",") + tag;
        }
        if (random_() % 3 == 0) {
            line.is_flagged = random_() % 2 == 0;
            tags.emplace_back(line.is_flagged ? "by_node=True" : "by_node=False");
        }
        if (random_() % 5 == 0) {
            tags.push_back("e" + std::to_string(random_() % 20) + "=");
        }
        std::ranges::shuffle(tags, random_);
        for (const auto& tag : tags) {
            line.text += (random_() % 8 == 0 ? "  " : " ") + tag;
        }
    }

    void send(const RandomLine& line) {
        const auto refusals = rig.store.refusals;
        const auto error = rig.line(line.text);
        if (error) {
            ++rejected;
            CAPTURE(line.text);
            REQUIRE(error.reason == core::RejectReason::overloaded); // and only because the journal was full
            REQUIRE(rig.store.refusals > refusals);
            return;
        }
        ++accepted;
        const auto name = [&](const std::string& tags) { return line.metric + (tags.empty() ? "" : "{" + tags + "}"); };
        add(model[{Topic::mabs, line.type, name(line.tags), start_of(line)}], line);
        if (line.is_flagged) {
            const auto tags = line.tags + (line.tags.empty() ? "" : ",") + "node=h";
            add(model[{Topic::by_node, line.type, name(tags), start_of(line)}], line);
        }
    }

    static std::int64_t start_of(const RandomLine& line) { return line.timestamp_ms / 10'000 * 10'000; }

    static void add(Total& total, const RandomLine& line) {
        ++total.lines;
        const auto value = static_cast<double>(line.integer);
        if (line.type == "counter") {
            total.counter += line.integer;
        } else if (line.digest != nullptr) {
            for (const double sample : line.digest->samples) {
                total.observe(sample, sample, sample, 1);
            }
        } else {
            total.observe(value, value, value, 1);
            if (line.type == "gauge") {
                total.set_last(value, line.timestamp_ms);
            }
        }
    }

    std::mt19937_64 random_;
    std::vector<Digest> digests_;
};

// What a consumer makes of the records, in their order.
Totals consumed(const std::vector<test::StoredRecord>& records) {
    Totals totals;
    for (const auto& record : records) {
        const auto value = nlohmann::json::parse(record.value);
        const std::string type = value["type"];
        auto& total = totals[{record.topic, type, record.key, value["ts"].get<std::int64_t>() * 1000}];
        CHECK(value["lines"] == record.lines);
        CHECK(record.lines > 0);
        total.lines += record.lines;
        if (type == "counter") {
            total.counter += value["value"].get<std::int64_t>();
        } else {
            total.observe(value["min"], value["max"], value["sum"], value["count"]);
        }
        if (type == "gauge") {
            total.set_last(value["value"], value["last_ts"]);
        }
    }
    return totals;
}

TEST_CASE("the records together are what the accepted lines said") {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        Player player(seed);
        for (int i = 0; i < 6000; ++i) {
            player.step();
        }
        player.finish();
        CHECK(player.accepted > 4000);
        CHECK(player.rig.ledger.accepted_lines == player.accepted);
        const auto totals = consumed(player.rig.store.records);
        CHECK(totals.size() == player.model.size());
        for (const auto& [place, total] : player.model) {
            CAPTURE(std::get<2>(place));
            CAPTURE(std::get<3>(place));
            const auto found = totals.find(place);
            REQUIRE(found != totals.end());
            CHECK(found->second.lines == total.lines);
            CHECK((found->second == total));
        }
        for (const auto topic : {Topic::mabs, Topic::by_node}) {
            CHECK(player.rig.store.lines_of(topic) == player.rig.ledger.of(topic).accepted_lines);
        }
        CHECK(player.rig.aggregator.table().bucket_count() == 0);
    }
}

} // namespace
} // namespace agent::aggregate
