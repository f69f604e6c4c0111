// What one log stream is told: which files, to which topic, and how bytes become records. Checked values: the app makes
// them from flags or from the configuration.
#pragma once

#include "core/limits.hpp"
#include "tail/path_glob.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent::tail {

enum class Framing : std::uint8_t {
    lines,     // a record a line, without its LF
    multiline, // a record begins with a line that matches multiline_start; ends before the next or after 1 s of silence
    frames,    // a record a frame: a length of 4 bytes, big-endian, then so many bytes
};

enum class Start : std::uint8_t { beginning, end }; // of files seen first

enum class RecordKey : std::uint8_t { none, file }; // file: the path that the file had when it was seen first

struct StreamOptions {
    std::string name; // unique among the streams of a state directory: it names the positions; for people
    std::vector<PathGlob> include;
    std::vector<PathGlob> exclude;
    std::string topic;
    Framing framing = Framing::lines;
    std::string multiline_start; // a regular expression (Perl's syntax, as in Boost.Regex); multiline only
    std::size_t pack_bytes = 0;  // 0: a record a line; else whole lines, joined by LF, up to so many bytes a record
    Start start = Start::beginning;
    RecordKey key = RecordKey::none;
    std::uint64_t rate_limit_bytes = 0; // a second; 0: no limit
    std::size_t max_record_bytes = core::limits::max_log_record_bytes;
    bool follow_symlinks = false;
};

} // namespace agent::tail
