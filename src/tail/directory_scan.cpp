#include "tail/directory_scan.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace agent::tail {

namespace limits = core::limits;

namespace {

// File systems whose changes come from elsewhere, or that have no inotify. (Magic numbers that linux/magic.h lacks: see
// statfs(2).)
bool is_remote(int directory) {
    constexpr std::uint32_t cifs = 0xFF534D42;
    constexpr std::uint32_t smb2 = 0xFE534D42;
    constexpr std::uint32_t fuse = 0x65735546;
    constexpr std::uint32_t ceph = 0x00C36400;
    struct statfs info{};
    if (fstatfs(directory, &info) != 0) {
        return false;
    }
    switch (static_cast<std::uint32_t>(info.f_type)) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case V9FS_MAGIC:
    case AFS_SUPER_MAGIC:
    case cifs:
    case smb2:
    case fuse:
    case ceph: return true;
    default: return false;
    }
}

} // namespace

std::string directory_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::string path_in(const std::string& directory, std::string_view name) {
    return (directory == "/" ? "" : directory) + "/" + std::string(name);
}

struct DirectoryScan::Walk {
    Findings found;
    const PathGlob* glob = nullptr;
    std::set<std::string, std::less<>> seen_directories;
    std::set<std::string, std::less<>> seen_files;
    std::set<std::pair<std::uint64_t, std::uint64_t>> above; // directories that the walk is in: links can make circles
};

bool DirectoryScan::names(std::string_view path) const {
    const auto matches = [&](const PathGlob& glob) { return glob.matches(path); };
    return std::ranges::any_of(include_, matches) && !excludes(path);
}

bool DirectoryScan::excludes(std::string_view path) const {
    return std::ranges::any_of(exclude_, [&](const PathGlob& glob) { return glob.matches(path); });
}

std::string DirectoryScan::base_of(std::string_view path) const {
    const auto found = std::ranges::find_if(include_, [&](const PathGlob& glob) { return glob.matches(path); });
    return found == include_.end() ? directory_of(path) : found->base();
}

Findings DirectoryScan::all() const {
    Walk walk;
    for (const auto& glob : include_) {
        walk.glob = &glob;
        this->walk(walk, glob.base(), 0);
    }
    return std::move(walk.found);
}

void DirectoryScan::walk(Walk& walk, const std::string& directory, std::size_t depth) const {
    auto& found = walk.found;
    auto opened = open_directory(walk.glob->base(), directory, follows_);
    if (!opened) {
        const int error = opened.error().value();
        if (error == ENOENT || error == ENOTDIR) {
            if (depth == 0 && directory != "/") { // it may appear: look at the next one above
                auto above = directory_of(directory);
                while (above != "/" && access(above.c_str(), F_OK) != 0) {
                    above = directory_of(above);
                }
                found.directories.push_back(std::move(above));
            }
            return;
        }
        found.unseen.push_back(directory);
        found.refused.push_back({directory, std::strerror(error)});
        return;
    }
    const auto facts = facts_of(opened->get());
    const auto place = facts ? std::pair(facts->id.device, facts->id.inode) : std::pair<std::uint64_t, std::uint64_t>();
    if (depth > limits::max_log_directory_depth || !walk.above.insert(place).second) {
        found.refused.push_back(
            {directory, depth > limits::max_log_directory_depth ? "too deep" : "a circle of links"});
        return;
    }
    if (walk.seen_directories.insert(directory).second) {
        found.directories.push_back(directory);
        found.is_remote |= is_remote(opened->get());
    }
    const int fd = opened->get();
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(dup(fd)), closedir);
    if (!entries) {
        found.unseen.push_back(directory);
        walk.above.erase(place);
        return;
    }
    errno = 0;
    while (const dirent* entry = readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        const auto path = path_in(directory, name);
        const bool is_directory = entry->d_type == DT_DIR;
        if (name == "." || name == ".." || (is_directory ? !walk.glob->may_match_below(path) : !may_hold(path))) {
            continue;
        }
        look_at(walk, fd, std::string(name), path, depth);
        errno = 0;
    }
    if (errno != 0) {
        found.unseen.push_back(directory);
    }
    walk.above.erase(place);
}

// A file that is named, or what may be a directory (or a link to one) with such files below.
bool DirectoryScan::may_hold(std::string_view path) const {
    const auto may = [&](const PathGlob& glob) { return glob.matches(path) || glob.may_match_below(path); };
    return std::ranges::any_of(include_, may);
}

void DirectoryScan::look_at(Walk& walk, int directory, const std::string& name, const std::string& path,
                            std::size_t depth) const {
    auto& found = walk.found;
    const auto facts = facts_at(directory, name, follows_);
    if (!facts) {
        if (facts.error().value() != ENOENT) {
            found.unseen.push_back(directory_of(path));
        }
        if (facts.error().value() != ENOENT && names(path)) {
            found.refused.push_back({path, facts.error().message()});
        }
        return;
    }
    if (facts->is_directory) {
        if (walk.glob != nullptr && walk.glob->may_match_below(path)) {
            this->walk(walk, path, depth + 1);
        } else if (walk.glob == nullptr && names(path)) {
            found.refused.push_back({path, "a directory"});
        }
        return;
    }
    if (!names(path) || !walk.seen_files.insert(path).second) {
        return;
    }
    if (!facts->is_regular) {
        found.refused.push_back(
            {path, facts->is_link ? "a symbolic link (follow_symlinks is not set)" : "not a regular file"});
        return;
    }
    if (found.files.size() >= limits::max_log_files) {
        found.is_cut = true;
        return;
    }
    found.files.push_back({path, *facts});
}

Findings DirectoryScan::some(const std::vector<std::string>& paths) const {
    Walk walk;
    for (const auto& path : paths) {
        const auto directory = directory_of(path);
        const auto opened = open_directory(base_of(path), directory, follows_);
        if (!opened) {
            const int error = opened.error().value();
            if (error != ENOENT && error != ENOTDIR) {
                walk.found.unseen.push_back(directory);
                walk.found.refused.push_back({path, opened.error().message()});
            }
            continue;
        }
        if (names(path)) {
            look_at(walk, opened->get(), std::string(name_of(path)), path, 0);
        }
    }
    return std::move(walk.found);
}

} // namespace agent::tail
