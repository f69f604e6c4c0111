#include "tail/watcher.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <sys/inotify.h>
#include <unistd.h>

namespace agent::tail {

namespace {

constexpr std::uint32_t watched = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t makes_new = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;
constexpr std::uint32_t ends = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;
constexpr int most_reads = 16; // 64 KiB each: some thousand changes, then other work gets its turn

} // namespace

Watcher::Watcher() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (fd_ == -1) {
        failure_ = std::string("inotify: ") + std::strerror(errno);
    }
}

Watcher::~Watcher() {
    if (fd_ != -1) {
        ::close(fd_);
    }
}

bool Watcher::watch(const std::string& directory) {
    if (fd_ == -1) {
        return false;
    }
    const int watch = inotify_add_watch(fd_, directory.c_str(), watched);
    if (watch == -1) {
        if (errno != ENOENT && errno != ENOTDIR) {
            failure_ =
                "inotify: " + directory + ": " +
                (errno == ENOSPC ? "too many watches (sysctl fs.inotify.max_user_watches)" : std::strerror(errno));
        }
        return false;
    }
    const auto known = watches_.find(directory);
    if (known != watches_.end()) {
        if (known->second == watch) {
            return true;
        }
        forget(directory, known->second); // another directory has its name now
    }
    watches_[directory] = watch;
    paths_[watch].push_back(directory);
    return true;
}

void Watcher::forget(const std::string& directory, int watch) {
    const auto shown = paths_.find(watch);
    if (shown == paths_.end()) {
        return;
    }
    std::erase(shown->second, directory);
    if (shown->second.empty()) {
        inotify_rm_watch(fd_, watch);
        paths_.erase(shown);
    }
}

void Watcher::keep_only(const std::set<std::string>& directories) {
    for (auto at = watches_.begin(); at != watches_.end();) {
        if (directories.contains(at->first)) {
            ++at;
        } else {
            forget(at->first, at->second);
            at = watches_.erase(at);
        }
    }
}

Changes Watcher::take() {
    Changes changes;
    alignas(inotify_event) std::array<char, 64 * 1024> buffer;
    for (int i = 0; i < most_reads && fd_ != -1; ++i) {
        const auto size = ::read(fd_, buffer.data(), buffer.size());
        if (size <= 0) {
            break;
        }
        for (const char* at = buffer.data(); at < buffer.data() + size;) {
            const auto* const event = reinterpret_cast<const inotify_event*>(at);
            at += sizeof(inotify_event) + event->len;
            if ((event->mask & IN_Q_OVERFLOW) != 0) {
                changes.is_overflow = true;
                continue;
            }
            const auto known = paths_.find(event->wd);
            if (known == paths_.end()) {
                continue;
            }
            const std::string_view name = event->len == 0 ? std::string_view() : std::string_view(event->name);
            const bool is_new = (event->mask & makes_new) != 0;
            if (name.empty() && (event->mask & ends) == 0) {
                continue; // the directory's own attributes
            }
            for (const auto& directory : known->second) {
                auto& all = changes.all;
                if (!all.empty() && all.back().name == name && all.back().directory == directory) {
                    all.back().is_new |= is_new;
                    continue;
                }
                all.push_back({.directory = directory,
                               .name = std::string(name),
                               .is_new = is_new,
                               .is_directory = (event->mask & IN_ISDIR) != 0});
            }
        }
    }
    return changes;
}

} // namespace agent::tail
