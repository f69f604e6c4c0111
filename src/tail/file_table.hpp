// The files of a stream, by uid, by path and by inode, and how they change places. Knows nothing of their bytes.
#pragma once

#include "tail/tailed_file.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace agent::tail {

class FileTable {
  public:
    // A file that is new here, with an id that no other has; at its path, if `place` says so.
    TailedFile& add(std::unique_ptr<TailedFile> file);
    void remove(TailedFile& file);

    TailedFile* by_uid(const std::string& uid) const;
    TailedFile* at_path(const std::string& path) const;
    TailedFile* by_id(const FileId& id) const;

    // The path names this file now; what it named before is away.
    void set_path(TailedFile& file, const std::string& path, std::int64_t now_ms);

    // Its path names something else, or nothing.
    void set_away(TailedFile& file, std::int64_t now_ms);

    // Its inode holds other bytes now.
    void cut_short(TailedFile& file, std::int64_t now_ms);

    // Goes on in another inode: the copy, or the same one found elsewhere.
    void go_on_in(TailedFile& file, const FileId& id, const std::string& path);

    // What the path may be a rotated generation of, of the same directory and at its path: app.log for app.log.1.
    TailedFile* original_of(const std::string& path) const;

    std::vector<FileId> ids() const;
    std::uint64_t ids_version() const { return ids_version_; } // another one whenever ids() may be
    std::size_t size() const { return files_.size(); }
    std::size_t open_count() const;

    template <typename Visit>
    void for_each(Visit visit) const {
        for (const auto& [uid, file] : files_) {
            visit(*file);
        }
    }

  private:
    std::unordered_map<std::string, std::unique_ptr<TailedFile>> files_;
    std::unordered_map<std::string, TailedFile*> paths_;
    std::map<FileId, TailedFile*> ids_;
    std::uint64_t ids_version_ = 0;
};

} // namespace agent::tail
