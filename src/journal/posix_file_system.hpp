// The disk: what FileSystem promises, by POSIX calls. Files are made with mode 0640 and directories with 0750 (less the
// umask); a symbolic link in the place of a file is refused (ELOOP); no descriptor is left to child processes. A call
// that a signal interrupts is made again. Without state: any thread.
#pragma once

#include "journal/file_system.hpp"

namespace agent::journal {

class PosixFileSystem final : public FileSystem {
  public:
    Result<Descriptor> create(const std::string& path) override;
    Result<Descriptor> open(const std::string& path) override;
    void close(Descriptor descriptor) override;
    Result<std::size_t> write_at(Descriptor descriptor, std::span<const std::byte> bytes,
                                 std::uint64_t offset) override;
    Result<std::size_t> read_at(Descriptor descriptor, std::span<std::byte> bytes, std::uint64_t offset) override;
    Result<void> sync(Descriptor descriptor) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<void> remove(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> make_directory(const std::string& path) override;
    Result<std::vector<DirectoryEntry>> list_files(const std::string& path) override;
    Result<Descriptor> lock(const std::string& path) override;
};

} // namespace agent::journal
