// A file that the journal writes, and what is to be written, on its way to the writer's thread.
#pragma once

#include "core/topic.hpp"
#include "journal/file_header.hpp"
#include "journal/file_system.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace agent::journal {

// Its path and header are fixed before the first write; the rest is the writer's thread's alone.
struct JournalFile {
    JournalFile(std::string its_path, std::string its_directory, FileHeader its_header)
        : path(std::move(its_path)), directory(std::move(its_directory)), header(std::move(its_header)) {}

    const std::string path;
    const std::string directory;
    const FileHeader header;

    FileSystem::Descriptor descriptor = -1; // while it is being written
    bool is_made = false;
    bool is_removed = false; // what would still be written to it is not wanted any more
};

// Bytes of a batch that go to one place of one file. Done twice it does no harm.
struct Write {
    std::shared_ptr<JournalFile> file;
    std::uint64_t offset = 0; // in the file; behind its header
    std::size_t begin = 0;    // in the batch
    std::size_t size_bytes = 0;
    bool is_last = false; // nothing more will be written to this file
};

// What one turn of the writer writes: finished records before deltas, because a delta of a bucket that began afresh
// must not be there without the record of what it was before.
struct WriteBatch {
    std::vector<std::byte> bytes;
    std::vector<Write> records;
    std::vector<Write> deltas;
    std::array<std::uint64_t, core::topic_count> end_positions{}; // records below are in this batch or an earlier one
    std::uint64_t drain = 0;    // not 0: with it all that was accepted up to this drain is written
    std::int64_t oldest_ms = 0; // steady clock: since when the oldest of what it holds has waited; 0: unknown
    bool empty() const { return records.empty() && deltas.empty(); }

    void clear() {
        bytes.clear();
        records.clear();
        deltas.clear();
        drain = 0;
        oldest_ms = 0;
    }
};

} // namespace agent::journal
