// Counts the buckets that a start would take up from the journal, as aggregate::Restorer takes them. One thread.
#pragma once

#include "app/journal_contents.hpp"
#include "core/topic.hpp"
#include "journal/delta_target.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace agent::app {

class BucketCounter final : public journal::Restoration {
  public:
    void begin_frame(std::uint64_t) override {}
    void resolution(std::int64_t) override {}
    void finish() override {}
    void define(std::uint64_t id, core::SeriesType, bool is_by_node, std::string_view, std::string_view) override {
        topics_.emplace(id, is_by_node ? core::Topic::by_node : core::Topic::mabs);
    }
    void counter(const journal::BucketHead& head, std::int64_t) override { add(head); }
    void gauge(const journal::BucketHead& head, const journal::GaugeDelta&) override { add(head); }
    void digest(const journal::BucketHead& head, const journal::DigestDelta&) override { add(head); }

    OpenBuckets counts() const {
        OpenBuckets all{.series = series_.size(), .buckets = ended_buckets_ + lines_.size(), .lines = ended_lines_};
        for (const auto& [key, lines] : lines_) {
            all.lines[core::index(topics_.at(key.first))] += lines;
        }
        return all;
    }

  private:
    void add(const journal::BucketHead& head) {
        const auto topic = topics_.find(head.series_id);
        if (topic == topics_.end()) {
            return; // its definition was damaged: nobody knows what it belongs to
        }
        series_.insert(head.series_id);
        const auto [found, is_new] = lines_.try_emplace({head.series_id, head.start_ms}, 0);
        if (!is_new && (head.is_first || head.lines < found->second)) { // what it was becomes a record of its own
            ++ended_buckets_;
            ended_lines_[core::index(topic->second)] += found->second;
        }
        found->second = head.lines;
    }

    std::unordered_map<std::uint64_t, core::Topic> topics_;
    std::set<std::uint64_t> series_;
    std::map<std::pair<std::uint64_t, std::int64_t>, std::uint64_t> lines_;
    std::uint64_t ended_buckets_ = 0;
    std::array<std::uint64_t, core::topic_count> ended_lines_{};
};

} // namespace agent::app
