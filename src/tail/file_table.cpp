#include "tail/file_table.hpp"

#include "tail/sibling_search.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace agent::tail {

TailedFile& FileTable::add(std::unique_ptr<TailedFile> file) {
    auto& added = *file;
    files_.emplace(added.uid, std::move(file));
    if (!added.is_pipe) {
        ids_[added.id] = &added;
        ++ids_version_;
        if (added.place == Place::at_path) {
            paths_[added.path] = &added;
        }
    }
    return added;
}

void FileTable::remove(TailedFile& file) {
    if (at_path(file.path) == &file) {
        paths_.erase(file.path);
    }
    if (by_id(file.id) == &file) {
        ids_.erase(file.id);
        ++ids_version_;
    }
    files_.erase(std::string(file.uid)); // a copy: the key goes with the file
}

TailedFile* FileTable::by_uid(const std::string& uid) const {
    const auto found = files_.find(uid);
    return found == files_.end() ? nullptr : found->second.get();
}

TailedFile* FileTable::at_path(const std::string& path) const {
    const auto found = paths_.find(path);
    return found == paths_.end() ? nullptr : found->second;
}

TailedFile* FileTable::by_id(const FileId& id) const {
    const auto found = ids_.find(id);
    return found == ids_.end() ? nullptr : found->second;
}

void FileTable::set_path(TailedFile& file, const std::string& path, std::int64_t now_ms) {
    if (auto* const other = at_path(path); other != nullptr && other != &file) {
        set_away(*other, now_ms);
    }
    if (at_path(file.path) == &file) {
        paths_.erase(file.path);
    }
    file.path = path;
    file.place = Place::at_path;
    paths_[path] = &file;
}

void FileTable::set_away(TailedFile& file, std::int64_t now_ms) {
    if (at_path(file.path) == &file) {
        paths_.erase(file.path);
    }
    if (file.place == Place::at_path) {
        file.place = Place::away;
        file.changed_ms = now_ms;
    }
}

void FileTable::cut_short(TailedFile& file, std::int64_t now_ms) {
    set_away(file, now_ms);
    if (by_id(file.id) == &file) {
        ids_.erase(file.id);
        ++ids_version_;
    }
    file.id = {};
    file.file.reset();
    file.place = Place::cut_short;
}

void FileTable::go_on_in(TailedFile& file, const FileId& id, const std::string& path) {
    if (by_id(file.id) == &file) {
        ids_.erase(file.id);
        ++ids_version_;
    }
    if (at_path(file.path) == &file) {
        paths_.erase(file.path);
    }
    file.id = id;
    file.path = path;
    file.place = Place::away;
    ids_[id] = &file;
    ++ids_version_;
}

TailedFile* FileTable::original_of(const std::string& path) const {
    for (const auto& original : originals_of(path)) {
        if (auto* const file = at_path(original)) {
            return file;
        }
    }
    return nullptr;
}

std::size_t FileTable::open_count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(files_ | std::views::values, [](const auto& file) { return file->file != nullptr; }));
}

std::vector<FileId> FileTable::ids() const {
    const auto keys = ids_ | std::views::keys;
    return {keys.begin(), keys.end()};
}

} // namespace agent::tail
