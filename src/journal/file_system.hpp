// The one small port through which the journal reaches the disk, so that tests can fail each call. Calls block: they
// are made on the runners' threads, or at start when nothing runs yet; implementations may be called from several
// threads at once, for different files. Errors are those of errno (boost::system::generic_category).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::journal {

struct DirectoryEntry {
    std::string name;
    std::uint64_t size_bytes = 0;

    friend bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

class FileSystem {
  public:
    template <typename T>
    using Result = boost::system::result<T>;
    using Descriptor = int;

    virtual ~FileSystem() = default;

    // To be written and read: made where it is missing, emptied where it is there.
    virtual Result<Descriptor> create(const std::string& path) = 0;

    // To be read.
    virtual Result<Descriptor> open(const std::string& path) = 0;
    virtual void close(Descriptor descriptor) = 0;

    // Both may do less than they were asked for; a read of 0 bytes is the end of the file. Writing at one place twice
    // does no harm.
    virtual Result<std::size_t> write_at(Descriptor descriptor, std::span<const std::byte> bytes,
                                         std::uint64_t offset) = 0;
    virtual Result<std::size_t> read_at(Descriptor descriptor, std::span<std::byte> bytes, std::uint64_t offset) = 0;

    // fdatasync, and fsync of a directory.
    virtual Result<void> sync(Descriptor descriptor) = 0;
    virtual Result<void> sync_directory(const std::string& path) = 0;

    // Removing what is not there, or making a directory that is there already, is no error. Parents are not made.
    virtual Result<void> remove(const std::string& path) = 0;
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    virtual Result<void> make_directory(const std::string& path) = 0;

    // The regular files of a directory, sorted by name.
    virtual Result<std::vector<DirectoryEntry>> list_files(const std::string& path) = 0;

    // Makes the file where it is missing and locks it for as long as the descriptor is open (flock); another process
    // that holds it is std::errc::resource_unavailable_try_again.
    virtual Result<Descriptor> lock(const std::string& path) = 0;
};

} // namespace agent::journal
