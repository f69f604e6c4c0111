// A file system that only reads: for looking at a state directory that may be another process's. A directory that is
// missing is an empty one.
#pragma once

#include "journal/file_system.hpp"

#include <cerrno>

namespace agent::app {

class ReadOnlyFiles final : public journal::FileSystem {
  public:
    // It outlives this one.
    explicit ReadOnlyFiles(FileSystem& files) : files_(files) {}

    Result<Descriptor> open(const std::string& path) override { return files_.open(path); }
    void close(Descriptor descriptor) override { files_.close(descriptor); }
    Result<std::size_t> read_at(Descriptor descriptor, std::span<std::byte> bytes, std::uint64_t offset) override {
        return files_.read_at(descriptor, bytes, offset);
    }
    Result<std::vector<journal::DirectoryEntry>> list_files(const std::string& path) override {
        auto list = files_.list_files(path);
        if (!list && list.error() == boost::system::errc::no_such_file_or_directory) {
            return std::vector<journal::DirectoryEntry>{};
        }
        return list;
    }

    Result<Descriptor> create(const std::string&) override { return refusal(); }
    Result<std::size_t> write_at(Descriptor, std::span<const std::byte>, std::uint64_t) override { return refusal(); }
    Result<void> sync(Descriptor) override { return refusal(); }
    Result<void> sync_directory(const std::string&) override { return refusal(); }
    Result<void> remove(const std::string&) override { return refusal(); }
    Result<void> rename(const std::string&, const std::string&) override { return refusal(); }
    Result<void> make_directory(const std::string&) override { return refusal(); }
    Result<Descriptor> lock(const std::string&) override { return refusal(); }

  private:
    static boost::system::error_code refusal() { return {EROFS, boost::system::generic_category()}; }

    FileSystem& files_;
};

} // namespace agent::app
