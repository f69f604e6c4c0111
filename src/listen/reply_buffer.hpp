// Replies of one connection that its client has not taken yet, whole lines in order: at most
// core::limits::max_unsent_bytes. One reply, or core::limits::own_unsent_bytes of them, are every connection's own;
// what goes beyond shares core::limits::max_all_unsent_bytes: clients that do not read cost a bounded amount.
//
// The answer to a `sync` waits until the journal has what it stands for, and holds back what comes behind it. One
// thread.
#pragma once

#include "core/limits.hpp"
#include "listen/journal_gate.hpp"
#include "listen/listen_stats.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agent::listen {

class ReplyBuffer {
  public:
    // Keeps stats.unsent_bytes: what all buffers take beyond their own share.
    explicit ReplyBuffer(ListenStats& stats) : stats_(stats) {}
    ~ReplyBuffer() { clear(); }
    ReplyBuffer(const ReplyBuffer&) = delete;
    ReplyBuffer& operator=(const ReplyBuffer&) = delete;

    // What can be sent now.
    std::string_view text() const {
        return std::string_view(text_).substr(0, barriers_.empty() ? text_.size() : barriers_.front().begin);
    }

    // Whether there is a `sync` of which the answer is not known yet.
    bool is_waiting() const { return !barriers_.empty(); }

    bool has_room_for(std::size_t size_bytes) const {
        const auto size = text_.size() + size_bytes;
        return text_.empty() || size <= core::limits::own_unsent_bytes ||
               (size <= core::limits::max_unsent_bytes &&
                stats_.unsent_bytes - charged_bytes_ + size <= core::limits::max_all_unsent_bytes);
    }

    // Only what has_room_for().
    void append(std::string_view text) {
        text_.append(text);
        charge();
    }

    // The answer to a `sync`, ending in "0\n": the digit is put right when the ticket's safety is known.
    void append_sync(std::string_view text, std::uint64_t ticket) {
        barriers_.push_back({text_.size(), text_.size() + text.size() - 2, ticket});
        append(text);
    }

    // Lets go what the journal has by now.
    void settle(const JournalGate& journal) {
        std::size_t settled = 0;
        for (; settled < barriers_.size(); ++settled) {
            const auto safety = journal.safety(barriers_[settled].ticket);
            if (safety == Safety::pending) {
                break;
            }
            text_[barriers_[settled].digit] = safety == Safety::durable ? '1' : '0';
        }
        barriers_.erase(barriers_.begin(), barriers_.begin() + static_cast<std::ptrdiff_t>(settled));
        if (barriers_.empty()) {
            std::vector<Barrier>().swap(barriers_);
        }
    }

    // What has been sent: at most text().
    void remove_front(std::size_t size_bytes) {
        text_.erase(0, size_bytes);
        for (auto& barrier : barriers_) {
            barrier.begin -= size_bytes;
            barrier.digit -= size_bytes;
        }
        if (text_.empty()) {
            std::string().swap(text_); // assigning an empty one would keep the memory
        }
        charge();
    }

    void clear() {
        barriers_.clear();
        remove_front(text_.size());
    }

  private:
    struct Barrier {
        std::size_t begin; // of its line
        std::size_t digit;
        std::uint64_t ticket;
    };

    void charge() {
        // By what the text takes of memory, which is up to twice its length.
        const auto bytes = text_.capacity() > 2 * core::limits::own_unsent_bytes ? text_.capacity() : 0;
        stats_.unsent_bytes += bytes - charged_bytes_;
        charged_bytes_ = bytes;
    }

    ListenStats& stats_;
    std::string text_;
    std::vector<Barrier> barriers_; // rising; no more than there are answers in the text
    std::size_t charged_bytes_ = 0;
};

} // namespace agent::listen
