// A file system in memory whose calls fail when the test says so (fault_plan.hpp), whose disk is as large as the test
// says, and which can be left as a killed process or a loss of power leaves it (fake_file.hpp, fake_names.hpp: what
// survives). It can be copied: the copy is another disk with the same content. Paths are taken as they are, without
// "..", links or a slash at the end; "", "." and "/" are directories that are there. One thread.
#pragma once

#include "journal/file_system.hpp"
#include "support/fake_disk.hpp"
#include "support/fault_plan.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::test {

class FakeFileSystem final : public journal::FileSystem, public FakeDisk {
  public:
    FaultPlan faults;

    void set_write_max(std::size_t bytes) { write_max_ = bytes; }       // a write takes no more at once
    void set_read_max(std::size_t bytes) { read_max_ = bytes; }         // a read gives no more at once
    void set_capacity(std::uint64_t bytes) { capacity_bytes_ = bytes; } // of all files; beyond it ENOSPC
    bool failed_sync_forgets = true; // after a sync that failed the next one succeeds, and nothing is on the disk

    bool keeps_order = false; // of the writes to one file: what a loss of power leaves is its front

    std::size_t open_descriptors() const { return opened_.size(); }
    std::size_t misuses() const { return misuses_; } // calls with a descriptor that was closed, or never opened

    // The process is killed: descriptors and locks are gone, what was written is there, and may still be lost with the
    // power. Descriptors from before are dead; closing them is no misuse.
    void crash() {
        opened_.clear();
        first_living_ = next_descriptor_;
        forget_nameless();
    }

    void lose_power(std::mt19937& random) {
        crash();
        names_.lose_power(random);
        for (auto& [id, file] : contents_) {
            file.lose_power(random, keeps_order);
        }
        forget_nameless();
    }

    // Of files that have a name or are open.
    std::uint64_t used_bytes() const {
        std::set<FakeNames::FileId> ids;
        for (const auto& [path, id] : names_.files()) {
            ids.insert(id);
        }
        for (const auto& [descriptor, opened] : opened_) {
            ids.insert(opened.file);
        }
        std::uint64_t sum = 0;
        for (const auto id : ids) {
            sum += contents_.at(id).bytes().size();
        }
        return sum;
    }

    // --- FileSystem

    Result<Descriptor> create(const std::string& path) override {
        if (const int error = faults.begin(Call::create, path)) {
            return error_of(error);
        }
        if (const int error = error_of_place(path)) {
            return error_of(error);
        }
        const bool is_there = exists(path);
        FakeFile& file = content_of(path);
        if (is_there) {
            file.empty();
        }
        return opened(path, true);
    }

    Result<Descriptor> open(const std::string& path) override {
        if (const int error = faults.begin(Call::open, path)) {
            return error_of(error);
        }
        if (!exists(path)) {
            return error_of(ENOENT);
        }
        return opened(path, false);
    }

    void close(Descriptor descriptor) override {
        if (opened_.erase(descriptor) == 0 && descriptor >= first_living_) {
            ++misuses_;
        }
    }

    Result<std::size_t> write_at(Descriptor descriptor, std::span<const std::byte> bytes,
                                 std::uint64_t offset) override {
        Opened* const opened = find(descriptor, true);
        if (opened == nullptr) {
            return error_of(EBADF);
        }
        FakeFile& file = contents_.at(opened->file);
        std::size_t torn = 0;
        if (const int error = faults.begin(Call::write, opened->path, &torn)) {
            file.write(bytes.first(std::min(torn, bytes.size())), offset);
            return error_of(error);
        }
        const std::size_t size = std::min({bytes.size(), write_max_, room_for(file, offset)});
        if (size == 0 && !bytes.empty()) {
            return error_of(ENOSPC);
        }
        file.write(bytes.first(size), offset);
        return size;
    }

    Result<std::size_t> read_at(Descriptor descriptor, std::span<std::byte> bytes, std::uint64_t offset) override {
        Opened* const opened = find(descriptor, false);
        if (opened == nullptr) {
            return error_of(EBADF);
        }
        if (const int error = faults.begin(Call::read, opened->path)) {
            return error_of(error);
        }
        const auto& from = contents_.at(opened->file).bytes();
        if (offset >= from.size()) {
            return std::size_t{0};
        }
        const std::size_t size = std::min({bytes.size(), read_max_, static_cast<std::size_t>(from.size() - offset)});
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(offset), size, bytes.begin());
        return size;
    }

    Result<void> sync(Descriptor descriptor) override {
        Opened* const opened = find(descriptor, false);
        if (opened == nullptr) {
            return error_of(EBADF);
        }
        FakeFile& file = contents_.at(opened->file);
        if (const int error = faults.begin(Call::sync, opened->path)) {
            if (failed_sync_forgets) {
                file.forget_unsynced();
            }
            return error_of(error);
        }
        file.sync();
        return {};
    }

    Result<void> sync_directory(const std::string& path) override {
        if (const int error = faults.begin(Call::sync_directory, path)) {
            return error_of(error);
        }
        if (!names_.has_directory(path)) {
            return error_of(ENOENT);
        }
        names_.sync(path);
        forget_nameless();
        return {};
    }

    Result<void> remove(const std::string& path) override {
        if (const int error = faults.begin(Call::remove, path)) {
            return error_of(error);
        }
        if (names_.has_directory(path)) {
            return error_of(EISDIR);
        }
        if (exists(path)) {
            names_.remove(path);
        }
        return {};
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        if (const int error = faults.begin(Call::rename, from)) {
            return error_of(error);
        }
        if (!exists(from)) {
            return error_of(ENOENT);
        }
        if (const int error = error_of_place(to)) {
            return error_of(error);
        }
        if (from != to) {
            names_.rename(from, to);
        }
        return {};
    }

    Result<void> make_directory(const std::string& path) override {
        if (const int error = faults.begin(Call::make_directory, path)) {
            return error_of(error);
        }
        if (names_.has_directory(path)) {
            return {};
        }
        if (const int error = exists(path) ? EEXIST : error_of_place(path)) {
            return error_of(error);
        }
        names_.make_directory(path);
        return {};
    }

    Result<std::vector<journal::DirectoryEntry>> list_files(const std::string& path) override {
        if (const int error = faults.begin(Call::list_files, path)) {
            return error_of(error);
        }
        if (!names_.has_directory(path)) {
            return error_of(ENOENT);
        }
        std::vector<journal::DirectoryEntry> list;
        for (const auto& [file, id] : names_.files()) {
            if (FakeNames::parent_of(file) == path) {
                list.push_back(
                    {.name = file.substr(file.rfind('/') + 1), .size_bytes = contents_.at(id).bytes().size()});
            }
        }
        return list;
    }

    Result<Descriptor> lock(const std::string& path) override {
        if (const int error = faults.begin(Call::lock, path)) {
            return error_of(error);
        }
        if (const int error = error_of_place(path)) {
            return error_of(error);
        }
        content_of(path);
        const auto file = *names_.find(path);
        if (std::any_of(opened_.begin(), opened_.end(),
                        [file](const auto& each) { return each.second.holds_lock && each.second.file == file; })) {
            return error_of(EAGAIN);
        }
        const Descriptor descriptor = opened(path, true);
        opened_.at(descriptor).holds_lock = true;
        return descriptor;
    }

  private:
    struct Opened {
        FakeNames::FileId file = 0;
        std::string path;
        bool is_writable = false;
        bool holds_lock = false;
    };

    static boost::system::error_code error_of(int number) { return {number, boost::system::generic_category()}; }

    int error_of_place(const std::string& path) const {
        return !names_.has_directory(FakeNames::parent_of(path)) ? ENOENT : names_.has_directory(path) ? EISDIR : 0;
    }

    Descriptor opened(const std::string& path, bool is_writable) {
        opened_[next_descriptor_] = {.file = *names_.find(path), .path = path, .is_writable = is_writable};
        return next_descriptor_++;
    }

    Opened* find(Descriptor descriptor, bool to_write) {
        const auto found = opened_.find(descriptor);
        if (found != opened_.end() && (found->second.is_writable || !to_write)) {
            return &found->second;
        }
        misuses_ += descriptor >= first_living_ ? 1 : 0;
        return nullptr;
    }

    std::size_t room_for(const FakeFile& file, std::uint64_t offset) const {
        const std::uint64_t used = used_bytes();
        const std::uint64_t end_max = file.bytes().size() + (capacity_bytes_ > used ? capacity_bytes_ - used : 0);
        return end_max > offset ? static_cast<std::size_t>(end_max - offset) : 0;
    }

    void forget_nameless() {
        const auto possible = names_.possible_files();
        std::erase_if(contents_, [&](const auto& each) {
            return !possible.contains(each.first) &&
                   std::none_of(opened_.begin(), opened_.end(),
                                [&](const auto& opened) { return opened.second.file == each.first; });
        });
    }

    std::map<Descriptor, Opened> opened_;
    std::size_t write_max_ = std::numeric_limits<std::size_t>::max();
    std::size_t read_max_ = std::numeric_limits<std::size_t>::max();
    std::uint64_t capacity_bytes_ = std::uint64_t{1} << 40;
    Descriptor next_descriptor_ = 100;
    Descriptor first_living_ = 100;
    std::size_t misuses_ = 0;
};

} // namespace agent::test
