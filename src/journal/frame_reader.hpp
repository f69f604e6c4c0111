// Reads the frames of a file one after the other, in bounded memory (one chunk, or the largest frame), and gets over
// damage: a place where no whole frame with the right CRC stands is skipped up to the next that does. What is missing
// at the very end is a torn tail: the writer was killed, that is no damage.
#pragma once

#include "journal/file_system.hpp"
#include "journal/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace agent::journal {

struct Frame {
    FrameHeader header;
    std::uint64_t offset = 0; // in the file
    std::span<const std::byte> payload;
};

class FrameReader {
  public:
    static constexpr std::size_t chunk_bytes = 1 << 20;
    // No frame is larger; a header that claims more is damaged.
    static constexpr std::size_t max_frame_bytes = 64 << 20;

    // Both outlive the reader. Starts at `offset`: behind the file's header.
    FrameReader(FileSystem& files, FileSystem::Descriptor file, std::uint64_t offset);

    // The next whole frame; its payload is valid until the next call. None at the end, or where reading fails.
    std::optional<Frame> next();

    // Behind the last whole frame that next() gave: where a torn tail begins.
    std::uint64_t good_end() const { return good_end_; }

    // After next() gave none:
    std::uint64_t damaged_places() const { return damaged_places_; } // skipped between whole frames
    std::uint64_t damaged_bytes() const { return damaged_bytes_; }
    std::uint64_t torn_bytes() const { return torn_bytes_; }
    const boost::system::error_code& failure() const { return failure_; }

  private:
    std::span<const std::byte> unread() const { return std::span(buffer_).subspan(begin_, end_ - begin_); }
    bool find_magic();
    bool fill(std::size_t wanted);
    void make_room(std::size_t wanted);

    FileSystem& files_;
    FileSystem::Descriptor file_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0; // in the buffer: what has not been given yet
    std::size_t end_ = 0;
    std::uint64_t buffer_offset_; // of the buffer's front in the file
    std::uint64_t good_end_;
    bool is_wrong_ = false; // at good_end_ stands a frame that has all its bytes and a wrong CRC
    std::uint64_t damaged_places_ = 0;
    std::uint64_t damaged_bytes_ = 0;
    std::uint64_t torn_bytes_ = 0;
    bool at_end_ = false;
    boost::system::error_code failure_;
};

} // namespace agent::journal
