// What a fake file system has on its disk, for tests to look at and to damage: files and their names, past all faults.
#pragma once

#include "support/fake_file.hpp"
#include "support/fake_names.hpp"

#include <cassert>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace agent::test {

class FakeDisk {
  public:
    bool exists(const std::string& path) const { return names_.find(path) != nullptr; }
    const std::vector<std::byte>& bytes(const std::string& path) const {
        return contents_.at(names_.files().at(path)).bytes();
    }
    std::vector<std::string> paths() const {
        std::vector<std::string> list;
        for (const auto& [path, id] : names_.files()) {
            list.push_back(path);
        }
        return list;
    }

    // What these leave is synced (put: with all names of its directory); parents have to be there.
    void put(const std::string& path, std::vector<std::byte> bytes) {
        content_of(path).set(std::move(bytes));
        names_.sync(FakeNames::parent_of(path));
    }
    void edit(const std::string& path, const std::function<void(std::vector<std::byte>&)>& change) {
        auto copy = bytes(path);
        change(copy);
        content_of(path).set(std::move(copy));
    }
    void flip_bit(const std::string& path, std::size_t bit) {
        edit(path, [bit](auto& bytes) { bytes.at(bit / 8) ^= std::byte{1} << (bit % 8); });
    }
    void cut(const std::string& path, std::size_t size) {
        edit(path, [size](auto& bytes) { bytes.resize(size); });
    }
    // Directories and their parents, synced.
    void put_directory(const std::string& path) {
        const auto parent = FakeNames::parent_of(path);
        if (!names_.has_directory(path)) {
            put_directory(parent);
            names_.make_directory(path);
            names_.sync(parent);
        }
    }

  protected:
    FakeFile& content_of(const std::string& path) { // made where it is missing
        if (const auto* const id = names_.find(path)) {
            return contents_.at(*id);
        }
        assert(names_.has_directory(FakeNames::parent_of(path)));
        names_.add(path, ++last_file_);
        return contents_[last_file_];
    }

    FakeNames names_;
    std::map<FakeNames::FileId, FakeFile> contents_;

  private:
    FakeNames::FileId last_file_ = 0;
};

} // namespace agent::test
