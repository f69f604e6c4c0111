// One content of a file: what is known of it and how far it got. Plain data of the stream that it belongs to; what may
// be done with it is in FileTable (its place), Reader (its bytes) and Sender (its records). One thread.
#pragma once

#include "tail/buffer.hpp"
#include "tail/file_identity.hpp"
#include "tail/framer.hpp"
#include "tail/log_file.hpp"
#include "tail/positions.hpp"
#include "tail/sibling_search.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace agent::tail {

struct TailedFile;
class Sender;

// What one read gave: records that are answered together. It keeps their bytes until all are acknowledged.
struct Batch {
    TailedFile* file = nullptr;
    Sender* sender = nullptr; // who is to hear of answers
    Buffer buffer;
    std::size_t begins_at = 0; // in the buffer
    std::vector<Cut> records;
    std::uint64_t begin = 0;      // in the file: of the first record
    std::uint64_t end = 0;        // behind the last one
    std::uint32_t frame_left = 0; // there
    Mark mark;                    // there
    Mark early_mark;              // about its middle: for a copy that lacks what was written last

    std::size_t sent = 0;         // records that were accepted
    std::uint64_t sent_bytes = 0; // of the file
    std::uint32_t unanswered = 0;
    bool is_queued = false;    // not all of it was accepted
    bool has_failed = false;   // one came back: all of it is to be sent again
    bool is_too_large = false; // because the broker takes only smaller ones
    std::int64_t woken_us = 0; // steady: when it was heard that there are new bytes; 0 where nobody waited for them
};

enum class Place : std::uint8_t {
    at_path,   // the path names it
    away,      // renamed or deleted: read to its end, then left
    cut_short, // its bytes are gone, unless a copy turns up
};

// In frame_left: what follows is no frame.
inline constexpr std::uint32_t spoiled = std::numeric_limits<std::uint32_t>::max();

struct TailedFile {
    std::string uid;
    std::string path;
    std::string first_path;
    FileId id;
    Fingerprint fingerprint;
    std::shared_ptr<const Descriptor> file; // null while it is closed

    Place place = Place::at_path;
    bool is_pipe = false;       // standard input: what was read cannot be read again
    bool is_saved = false;      // its uid is on the disk: only then records may go out
    bool is_rotated = false;    // its path is that of a generation: what has no LF now will have none
    bool is_short_copy = false; // its bytes are in a copy that lacks what was read last: never opened again
    bool is_deleted = false;    // no name leads to it
    bool is_queued = false;     // by the reader
    bool has_failed = false;    // a read, once: that was said
    bool is_reading = false;
    bool is_woken = false;    // while it was being read
    bool is_finished = false; // away, and all of it has been read, its last line too
    // What is read before it: the files of `after` (uids), which are known when the search of that number is over, for
    // what its path named before. 0: none.
    std::vector<std::string> after;
    std::uint64_t search = 0;
    std::uint64_t order = 0; // of generations of a path: a later one has a higher number

    std::uint64_t size_bytes = 0;  // when last seen
    std::uint64_t read_offset = 0; // up to here it was cut into records
    std::uint64_t seen_offset = 0; // up to here it was read: there is the beginning of a record in between
    std::uint32_t frame_left = 0;
    Mark read_mark; // at read_offset
    std::uint64_t acked_offset = 0;
    std::uint32_t acked_frame_left = 0;
    Marks marks; // at acknowledged offsets

    std::int64_t modified_ns = 0;     // Unix time: by it what was compressed is known
    std::int64_t seen_ms = 0;         // Unix time: when its path last named it
    std::int64_t changed_ms = 0;      // steady: when it last grew, or went away
    std::int64_t retry_ms = 0;        // steady: not to be read before
    std::int64_t recheck_ms = 0;      // steady: finished, and somebody may still write to it: when to look next
    std::int64_t woken_us = 0;        // steady: when it was heard that it grew; 0: not since it was read
    std::int64_t behind_since_ms = 0; // steady: since when there is something that is not acknowledged

    std::size_t max_record_bytes = 0;
    std::list<std::unique_ptr<Batch>> batches; // unacknowledged, in the file's order
    std::string carry;                         // of a pipe: the beginning of a record

    bool has_more() const { return size_bytes > seen_offset; }
    bool is_behind() const { return acked_offset < size_bytes; }
    bool is_acked() const { return batches.empty(); }
    std::uint64_t unread_bytes() const;

    // The rest of it is in a copy that has no more than was read already.
    void end_in_short_copy();
};

SavedFile saved_form(const TailedFile& file);
LostFile lost_form(const TailedFile& file);
LostFile lost_form(const SavedFile& saved);

} // namespace agent::tail
