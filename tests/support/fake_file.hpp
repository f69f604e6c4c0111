// The content of one file as its writer sees it, and what of it survives a loss of power: what was synced for sure, and
// of each write behind that all, nothing or a part, in any order (a disk writes as it likes). A place that is lost in
// the middle of a file reads as zeros; so does sometimes one at its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace agent::test {

class FakeFile {
  public:
    const std::vector<std::byte>& bytes() const { return bytes_; }

    void write(std::span<const std::byte> bytes, std::uint64_t offset) {
        changes_.push_back({.offset = offset, .bytes = {bytes.begin(), bytes.end()}});
        apply(bytes_, changes_.back(), bytes.size());
    }

    void empty() {
        changes_.push_back({.empties = true});
        bytes_.clear();
    }

    // Content that is on the disk, as if synced.
    void set(std::vector<std::byte> bytes) {
        bytes_ = std::move(bytes);
        synced_ = bytes_;
        changes_.clear();
    }

    void sync() {
        for (Change& change : changes_) {
            change.is_sure = change.is_sure || !change.is_forgotten;
        }
        const auto doubtful =
            std::find_if(changes_.begin(), changes_.end(), [](const Change& change) { return !change.is_sure; });
        std::for_each(changes_.begin(), doubtful,
                      [this](const Change& change) { apply(synced_, change, change.bytes.size()); });
        changes_.erase(changes_.begin(), doubtful);
    }

    // What Linux does: it reports the failure once and takes the pages for clean, so that the next sync has nothing to
    // write and succeeds. They are not on the disk for all that.
    void forget_unsynced() {
        for (Change& change : changes_) {
            change.is_forgotten = change.is_forgotten || !change.is_sure;
        }
    }

    void lose_power(std::mt19937& random, bool always_in_order = false) {
        const auto pick = [&random](std::size_t last) {
            return std::uniform_int_distribution<std::size_t>(0, last)(random);
        };
        const bool is_in_order = pick(1) == 0 || always_in_order;
        const std::size_t cut = pick(changes_.size());
        std::vector<std::byte> bytes = synced_;
        for (std::size_t i = 0; i < changes_.size(); ++i) {
            const Change& change = changes_[i];
            const std::size_t size = change.bytes.size();
            const std::size_t luck = is_in_order ? (i < cut ? 0 : i == cut ? 1 : 2) : pick(3);
            if (change.is_sure || luck == 0) {
                apply(bytes, change, size);
            } else if (luck == 1 && !change.empties) {
                apply(bytes, change, pick(size));
            } else if (luck == 3 && change.offset + size > bytes.size()) {
                bytes.resize(change.offset + size);
            }
        }
        set(std::move(bytes));
    }

  private:
    struct Change {
        std::uint64_t offset = 0;
        std::vector<std::byte> bytes = {};
        bool empties = false;
        bool is_sure = false;
        bool is_forgotten = false;
    };

    static void apply(std::vector<std::byte>& to, const Change& change, std::size_t size) {
        if (change.empties) {
            to.clear();
        } else if (size != 0) {
            to.resize(std::max<std::size_t>(to.size(), change.offset + size));
            std::copy_n(change.bytes.begin(), size, to.begin() + static_cast<std::ptrdiff_t>(change.offset));
        }
    }

    std::vector<std::byte> bytes_;
    std::vector<std::byte> synced_;
    std::vector<Change> changes_; // from synced_ to bytes_, in their order
};

} // namespace agent::test
