// What the runners do on their threads. Blocking.
#pragma once

#include "journal/file_system.hpp"
#include "journal/journal_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <boost/system/error_code.hpp>

namespace agent::journal {

struct WriteResult {
    boost::system::error_code failure;
    std::string failed_path;
    std::uint64_t written_bytes = 0;
    std::set<std::string> made_in; // directories that have new files
};

// Writes everything, or up to the first failure; doing it again from the front does no harm.
WriteResult write_batch(FileSystem& files, const WriteBatch& batch);

// Gives those that could not be removed. What would still be written to them is not, all the same.
std::vector<std::shared_ptr<JournalFile>> remove_files(FileSystem& files,
                                                       const std::vector<std::shared_ptr<JournalFile>>& doomed);

// fdatasync of each path that is still there, fsync of each directory; the first failure. Paths that are also
// `doubtful` are written once more before: after an fdatasync that failed Linux takes the pages for clean, and the next
// one has nothing to do and succeeds.
boost::system::error_code sync_all(FileSystem& files, const std::set<std::string>& paths,
                                   const std::set<std::string>& doubtful, const std::set<std::string>& directories);

// All of it, or what failed.
boost::system::error_code write_at(FileSystem& files, FileSystem::Descriptor file, std::span<const std::byte> bytes,
                                   std::uint64_t offset);

// A whole small file, replaced at once.
boost::system::error_code replace_file(FileSystem& files, const std::string& path, std::span<const std::byte> bytes);

} // namespace agent::journal
