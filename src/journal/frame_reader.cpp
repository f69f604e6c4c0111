#include "journal/frame_reader.hpp"

#include "journal/little_endian.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace agent::journal {

FrameReader::FrameReader(FileSystem& files, FileSystem::Descriptor file, std::uint64_t offset)
    : files_(files), file_(file), buffer_offset_(offset), good_end_(offset) {}

std::optional<Frame> FrameReader::next() {
    // Where a whole frame was expected and is none, the next one may begin at any byte, even inside the frame that
    // this header claims.
    for (; find_magic(); ++begin_) {
        const auto claimed = read_frame_header(unread());
        if (!claimed || claimed->payload_bytes > max_frame_bytes - frame_header_bytes) {
            continue;
        }
        const std::size_t frame_bytes = frame_header_bytes + claimed->payload_bytes;
        if (!fill(frame_bytes)) {
            if (failure_) {
                break;
            }
            continue;
        }
        const std::span frame = unread().first(frame_bytes);
        const std::uint64_t offset = buffer_offset_ + begin_;
        if (!read_frame(frame)) {
            is_wrong_ = is_wrong_ || offset == good_end_; // all its bytes are there: nobody was killed within them
            continue;
        }
        is_wrong_ = false;
        if (offset != good_end_) {
            ++damaged_places_;
            damaged_bytes_ += offset - good_end_;
        }
        begin_ += frame_bytes;
        good_end_ = offset + frame_bytes;
        return Frame{.header = *claimed, .offset = offset, .payload = frame.subspan(frame_header_bytes)};
    }
    if (!failure_) {
        const auto rest = buffer_offset_ + end_ - good_end_;
        if (std::exchange(is_wrong_, false)) {
            ++damaged_places_;
            damaged_bytes_ += rest;
            good_end_ += rest;
        } else {
            torn_bytes_ = rest;
        }
    }
    return std::nullopt;
}

// Goes to the next place that has a frame's magic and room for its header; false where there is none.
bool FrameReader::find_magic() {
    while (fill(frame_header_bytes)) {
        const std::byte* const from = buffer_.data() + begin_;
        const std::byte* const end = buffer_.data() + end_;
        const auto* const magic =
            static_cast<const std::byte*>(memmem(from, unread().size(), &frame_magic, sizeof frame_magic));
        // Without one, the last three bytes may still be the front of one.
        begin_ += static_cast<std::size_t>((magic != nullptr ? magic : end - sizeof frame_magic + 1) - from);
        if (magic != nullptr && fill(frame_header_bytes)) {
            return true;
        }
    }
    return false;
}

// Reads until so many bytes are there to be looked at; false where the file has fewer, or reading fails.
bool FrameReader::fill(std::size_t wanted) {
    while (unread().size() < wanted) {
        if (at_end_ || failure_) {
            return false;
        }
        make_room(wanted);
        const auto got = files_.read_at(file_, std::span(buffer_).subspan(end_), buffer_offset_ + end_);
        if (!got) {
            failure_ = got.error();
        } else if (*got == 0) {
            at_end_ = true;
        } else {
            end_ += *got;
        }
    }
    return true;
}

// At the buffer's end. It doubles rather than being as large as a damaged header claims that a frame is.
void FrameReader::make_room(std::size_t wanted) {
    if (end_ < buffer_.size()) {
        return;
    }
    if (begin_ != 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        buffer_offset_ += begin_;
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) {
        buffer_.resize(std::max(chunk_bytes, std::min(wanted, 2 * buffer_.size())));
    }
}

} // namespace agent::journal
