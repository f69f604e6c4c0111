// Cuts a stream into lines, whatever chunks it comes in. A line ends with LF; one CR before it is dropped. What is left
// behind the last LF is handed back to the caller, who puts it before the next chunk. A line longer than
// core::limits::max_line_bytes (LF not counted) is skipped up to its LF and reported once, when its LF or the end of
// the stream has come: no memory is kept for it. One stream, one thread.
#pragma once

#include "core/limits.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>

namespace agent::mabs {

class LineSplitter {
  public:
    enum class Item : unsigned char {
        line,     // text() is a whole line
        too_long, // a line that was skipped; text() is empty
        none,     // no further LF in the chunk: see rest()
    };

    // Starts on a chunk: what rest() gave last (`rest_bytes` of it, which are not searched again), then new bytes.
    void begin(std::string_view chunk, std::size_t rest_bytes) {
        at_ = chunk.data();
        search_ = at_ + rest_bytes;
        end_ = at_ + chunk.size();
    }

    Item next() {
        const auto left = static_cast<std::size_t>(end_ - search_);
        const auto* const lf = left == 0 ? nullptr : static_cast<const char*>(std::memchr(search_, '\n', left));
        if (lf == nullptr) {
            if (rest().size() > core::limits::max_line_bytes) {
                skipping_ = true;
            }
            if (skipping_) {
                at_ = end_;
            }
            return Item::none;
        }
        auto size = static_cast<std::size_t>(lf - at_);
        const bool too_long = skipping_ || size > core::limits::max_line_bytes;
        skipping_ = false;
        if (!too_long && size != 0 && lf[-1] == '\r') {
            --size;
        }
        text_ = too_long ? std::string_view() : std::string_view(at_, size);
        at_ = search_ = lf + 1;
        return too_long ? Item::too_long : Item::line;
    }

    std::string_view text() const { return text_; }

    // The bytes after the last LF of the chunk, at most core::limits::max_line_bytes.
    std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

    // Whether the stream, if it ended now, would end inside a line that is being skipped.
    bool is_skipping() const { return skipping_; }

  private:
    const char* at_ = nullptr;
    const char* search_ = nullptr; // no LF before it
    const char* end_ = nullptr;
    std::string_view text_;
    bool skipping_ = false;
};

} // namespace agent::mabs
