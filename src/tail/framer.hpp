// Cuts a file's bytes into records. Which bytes belong together depends on the bytes alone, so that a file read again
// from any record's beginning is cut in the same way. Pure; the regular expression is compiled once.
#pragma once

#include "tail/line_pattern.hpp"
#include "tail/stream_options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace agent::tail {

// A record in the bytes that were given, and how many bytes of the file it stands for, from the end of the one before:
// its value and what divides it from the next one (LF, a frame's length).
struct Cut {
    std::uint32_t at = 0; // of the value
    std::uint32_t size_bytes = 0;
    std::uint32_t span_bytes = 0; // all of them together cover the bytes without a gap
};

struct Cuts {
    std::vector<Cut> records;
    std::size_t used_bytes = 0;   // the rest is the beginning of a record: to be given again with more behind it
    std::uint32_t frame_left = 0; // framing frames: of the frame that the last record is a part of
    bool is_impossible = false;   // framing frames: what follows is no frame, nor is anything behind it
};

// How the bytes end.
enum class End : std::uint8_t {
    open,   // there may be more, now or later
    silent, // there has been no more for a while: ends a record of several lines
    final,  // there will never be more: what is left is a record too
};

class Framer {
  public:
    explicit Framer(const StreamOptions& options);

    // Records into `out`, which is cleared first. `frame_left` as it came out for the bytes before. No record is larger
    // than max_record_bytes; longer ones come in parts.
    void cut(std::string_view bytes, End end, std::uint32_t frame_left, std::size_t max_record_bytes, Cuts& out) const;

    // Bytes that must be given at once for the largest record.
    static std::size_t most_bytes(std::size_t max_record_bytes) { return max_record_bytes + pattern_bytes + 16; }

    // Of a line: a record's start is told by its first words.
    static constexpr std::size_t pattern_bytes = 4096;

  private:
    bool begins_record(std::string_view line) const;
    void cut_lines(std::string_view bytes, End end, std::size_t max_record_bytes, Cuts& out) const;
    void cut_multiline(std::string_view bytes, End end, std::size_t max_record_bytes, Cuts& out) const;
    void cut_frames(std::string_view bytes, std::uint32_t frame_left, std::size_t max_record_bytes, Cuts& out) const;

    Framing framing_;
    std::size_t pack_bytes_;
    std::optional<LinePattern> pattern_;
};

} // namespace agent::tail
