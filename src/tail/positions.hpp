// How far each file of a stream was acknowledged, as text and on disk. Text, so that an operator can read it:
//
//   metrics-agent positions 1
//   <uid> live|done <offset> <rest of frame> <device> <inode> <birth ns> <fingerprint length>:<hash> <seen ms> <marks>
//   <path> <first path>
//   ...
//   end <number of files> <hash of all lines above>
//
// Numbers are decimal, hashes 16 hexadecimal digits (content_hash()), marks offset:hash,... or `-`, the first path `=`
// where it is the same. In paths bytes up to blank, from 0x7F on, and % are written %XX. Offsets cover acknowledged
// bytes only, without a gap. Parsing and printing are pure; loading and saving block.
#pragma once

#include "tail/file_identity.hpp"
#include "tail/log_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent::tail {

struct SavedFile {
    std::string uid;
    bool is_done = false;         // away, and sent to its end: only kept to be known again
    std::uint64_t offset = 0;     // all before it is acknowledged
    std::uint32_t frame_left = 0; // framing frames: so many bytes of the frame that was begun are still to come
    FileId id;
    Fingerprint fingerprint;
    std::vector<Mark> marks;  // the last one at the offset, where there is one
    std::int64_t seen_ms = 0; // Unix time at which the file was last known to be at its path
    std::string path;
    std::string first_path;

    friend bool operator==(const SavedFile&, const SavedFile&) = default;
};

std::string print_positions(const std::vector<SavedFile>& files);

// Or which line is wrong, and how.
boost::system::result<std::vector<SavedFile>, std::string> parse_positions(std::string_view text);

// Replaces the file as a whole: after a crash it is the old one or the new one. Returns when it is on the disk.
Result<void> save_positions(const std::string& path, const std::string& text);

// Nothing where there is no such file.
Result<std::optional<std::string>> load_positions(const std::string& path);

} // namespace agent::tail
