// Which files a stream's patterns name, now. Blocks: for the runners' threads.
//
// Links are not followed below the folder that a pattern names (openat2), unless the stream says so; what is no regular
// file is left alone. What could not be looked at is reported, and says nothing about the files in it.
#pragma once

#include "tail/log_file.hpp"
#include "tail/path_glob.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::tail {

struct FoundFile {
    std::string path;
    FileFacts facts;
};

// Why a path that a pattern names is not tailed.
struct Refusal {
    std::string path;
    std::string reason; // for people
};

struct Findings {
    std::vector<FoundFile> files;         // each path once
    std::vector<std::string> directories; // to be watched: where files of the stream are, or may appear
    std::vector<Refusal> refused;
    std::vector<std::string> unseen; // directories that could not be read: their files may well be there
    bool is_remote = false;          // some directory is on a file system that tells nothing of changes
    bool is_cut = false;             // there are more files than max_log_files
};

class DirectoryScan {
  public:
    DirectoryScan(std::vector<PathGlob> include, std::vector<PathGlob> exclude, bool follows)
        : include_(std::move(include)), exclude_(std::move(exclude)), follows_(follows) {}

    // All of it.
    Findings all() const;

    // Only these paths, of those that names() is true for.
    Findings some(const std::vector<std::string>& paths) const;

    bool names(std::string_view path) const;
    bool excludes(std::string_view path) const;

    // What the path's pattern has as its folder: links above it may be followed.
    std::string base_of(std::string_view path) const;

    bool follows() const { return follows_; }

  private:
    struct Walk;
    void walk(Walk& walk, const std::string& directory, std::size_t depth) const;
    void look_at(Walk& walk, int directory, const std::string& name, const std::string& path, std::size_t depth) const;
    bool may_hold(std::string_view directory) const;

    std::vector<PathGlob> include_;
    std::vector<PathGlob> exclude_;
    bool follows_;
};

// "/var/log" of "/var/log/x", "/" of "/x".
std::string directory_of(std::string_view path);
std::string_view name_of(std::string_view path);
std::string path_in(const std::string& directory, std::string_view name);

} // namespace agent::tail
