// A journal of open buckets in memory: every frame goes through the format and back.
#pragma once

#include "journal/delta_entry.hpp"
#include "journal/delta_target.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::test {

class DeltaPipe final : public journal::DeltaSink {
  public:
    explicit DeltaPipe(std::int64_t resolution_ms = 60'000) : resolution_ms_(resolution_ms) {}

    struct Frame {
        std::uint64_t number = 0;
        std::vector<std::byte> payload;
    };
    std::vector<Frame> frames;
    std::size_t entries = 0; // of buckets, in all frames
    std::size_t definitions = 0;

    std::uint32_t segment() const override { return segment_; }
    std::uint64_t new_series_id() override { return ++last_series_id; }
    std::uint64_t last_closed_frame() const override { return last_frame; }
    std::size_t open_bytes() const override { return payload_.size(); }
    void define(std::uint64_t id, core::SeriesType type, bool is_by_node, std::string_view metric,
                std::string_view tail) override {
        open();
        ++definitions;
        encoder_.define(id, type, is_by_node, metric, tail);
    }
    void counter(const journal::BucketHead& head, std::int64_t value) override {
        open();
        ++entries;
        encoder_.counter(head, value);
    }
    void gauge(const journal::BucketHead& head, const journal::GaugeDelta& gauge) override {
        open();
        ++entries;
        encoder_.gauge(head, gauge);
    }
    void digest(const journal::BucketHead& head, const journal::DigestDelta& digest) override {
        open();
        ++entries;
        whole_digests += digest.kept == 0 ? 1 : 0;
        encoder_.digest(head, digest);
    }

    void close_frame() {
        if (!payload_.empty()) {
            frames.push_back({++last_frame, std::exchange(payload_, {})});
        }
    }
    void rotate() {
        ++segment_;
        is_begun_ = false;
    }

    // All frames from `begin` on; not finish().
    void replay(journal::Restoration& into, std::size_t begin = 0) const {
        Reader reader(into);
        for (auto frame = frames.begin() + static_cast<std::ptrdiff_t>(begin); frame != frames.end(); ++frame) {
            into.begin_frame(frame->number);
            if (!journal::read_deltas(frame->payload, reader)) {
                std::abort();
            }
        }
    }

    std::uint64_t last_series_id = 0;
    std::uint64_t last_frame = 0;
    std::size_t whole_digests = 0;

  private:
    class Reader final : public journal::DeltaReader {
      public:
        explicit Reader(journal::Restoration& into) : into_(into) {}
        journal::DeltaTarget& target() override { return into_; }
        bool wants(const journal::BucketHead&) override { return true; }
        void resolution(std::int64_t resolution_ms) override { into_.resolution(resolution_ms); }

      private:
        journal::Restoration& into_;
    };

    void open() {
        if (payload_.empty()) {
            encoder_.begin_frame(1'763'750'400'000);
        }
        if (!std::exchange(is_begun_, true)) {
            encoder_.resolution(resolution_ms_);
        }
    }

    std::int64_t resolution_ms_;
    std::vector<std::byte> payload_;
    journal::DeltaEncoder encoder_{payload_};
    std::uint32_t segment_ = 1;
    bool is_begun_ = false;
};

} // namespace agent::test
