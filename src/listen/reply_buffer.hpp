// Replies of one connection that its client has not taken yet, whole lines in order: at most
// core::limits::max_unsent_bytes. One reply, or core::limits::own_unsent_bytes of them, are every connection's own;
// what goes beyond shares core::limits::max_all_unsent_bytes: clients that do not read cost a bounded amount. One
// thread.
#pragma once

#include "core/limits.hpp"
#include "listen/listen_stats.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace agent::listen {

class ReplyBuffer {
  public:
    // Keeps stats.unsent_bytes: what all buffers take beyond their own share.
    explicit ReplyBuffer(ListenStats& stats) : stats_(stats) {}
    ~ReplyBuffer() { clear(); }
    ReplyBuffer(const ReplyBuffer&) = delete;
    ReplyBuffer& operator=(const ReplyBuffer&) = delete;

    bool empty() const { return text_.empty(); }
    std::string_view text() const { return text_; }

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

    // What has been sent.
    void remove_front(std::size_t size_bytes) {
        text_.erase(0, size_bytes);
        if (text_.empty()) {
            std::string().swap(text_); // assigning an empty one would keep the memory
        }
        charge();
    }

    void clear() { remove_front(text_.size()); }

  private:
    void charge() {
        // By what the text takes of memory, which is up to twice its length.
        const auto bytes = text_.capacity() > 2 * core::limits::own_unsent_bytes ? text_.capacity() : 0;
        stats_.unsent_bytes += bytes - charged_bytes_;
        charged_bytes_ = bytes;
    }

    ListenStats& stats_;
    std::string text_;
    std::size_t charged_bytes_ = 0;
};

} // namespace agent::listen
