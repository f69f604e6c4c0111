// One read of a file, as it goes to the runner and comes back.
#pragma once

#include "tail/buffer.hpp"
#include "tail/file_identity.hpp"
#include "tail/log_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace agent::tail {

struct ReadRequest {
    std::shared_ptr<const Descriptor> file;
    std::uint64_t offset = 0;
    std::size_t length_bytes = 0;
    std::uint64_t least_end = 0; // read only if the file is longer
    Mark mark;                   // what the bytes before the offset are; unknown where its offset is another one
    Fingerprint fingerprint;
    bool skips_holes = false;
    Buffer buffer; // for mark_length(offset) and then length_bytes

    // What came of it.
    FileFacts facts;
    int error = 0;
    bool is_replaced = false;         // other bytes are there now than were read before
    std::size_t size_bytes = 0;       // read; they begin at buffer + mark_length(offset)
    std::uint64_t hole_bytes = 0;     // passed over before the offset, which is where the bytes begin
    bool ends_at_last_hole = false;   // there is nothing behind the bytes but a hole, which may be filled
    bool ends_at_hole = false;        // what follows the bytes is a hole: no record goes on behind it
    bool is_nothing_but_hole = false; // up to the end: never written, or not yet
};

// Blocks.
void read(ReadRequest& request);

// The same of a pipe: what is there, waiting for some time at the most. size_bytes 0 and no error: nothing yet;
// is_replaced: its end.
void read_pipe(ReadRequest& request);

} // namespace agent::tail
