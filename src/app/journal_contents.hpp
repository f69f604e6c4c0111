// What a state directory holds, found by reading it: for `journal show`. Nothing is changed, and an agent may be at
// work there meanwhile: a file that goes away is left out. Blocking.
#pragma once

#include "core/topic.hpp"
#include "journal/file_system.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

struct DeltaSegment {
    std::string file; // its name
    std::uint64_t first_frame = 0;
    std::uint64_t last_frame = 0; // 0: it has no whole frame
    std::uint64_t entries = 0;    // states of buckets
    std::uint64_t size_bytes = 0;
    std::uint64_t torn_bytes = 0; // behind the last whole frame: a write that did not come to its end
};

// Records of one topic; those of dead letters in the same way.
struct RecordCounts {
    std::uint64_t files = 0;
    std::uint64_t size_bytes = 0; // of the files
    std::uint64_t torn_bytes = 0;
    std::uint64_t answered_records = 0; // by the watermark; what follows is of the others
    std::uint64_t records = 0;
    std::uint64_t lines = 0;
    std::uint64_t record_bytes = 0; // keys and values
    std::int64_t oldest_ms = 0;     // sealed, Unix time
    std::int64_t newest_ms = 0;
    std::map<std::string, std::uint64_t> runs; // how many of each
};

struct ShownWatermark {
    std::uint64_t file = 0;
    std::uint64_t seq = 0;
};

struct OpenBuckets {
    std::uint64_t series = 0;
    std::uint64_t buckets = 0;
    std::array<std::uint64_t, core::topic_count> lines{};
};

struct DamagedFile {
    std::string file; // within the state directory
    std::string what;
    std::uint64_t places = 0;
    std::uint64_t bytes = 0; // skipped there, where that is known
};

struct OtherFile {
    std::string file;
    std::uint64_t size_bytes = 0;
};

struct JournalContents {
    std::uint64_t size_bytes = 0; // what counts for --max-bytes
    std::vector<DeltaSegment> deltas;
    OpenBuckets open; // what a start would take up again
    std::array<RecordCounts, core::topic_count> records;
    std::array<std::optional<ShownWatermark>, core::topic_count> watermarks;
    std::array<RecordCounts, core::topic_count> dead_letters;
    std::vector<OtherFile> set_aside;
    std::vector<OtherFile> newer; // of a version that this program does not know: a start would set them aside
    std::vector<DamagedFile> damage;
};

// The error names what cannot be read.
boost::system::result<JournalContents, std::string> read_journal(journal::FileSystem& files,
                                                                 const std::string& directory);

} // namespace agent::app
