// Which directories' files were written to, made, or moved: inotify. One thread; nothing blocks. Where a directory
// cannot be watched (its file system, or the limit of the kernel) it is to be scanned often instead.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace agent::tail {

// In one directory, since the last look.
struct Change {
    std::string directory;
    std::string name;    // of the file; empty: the directory itself has gone or is another one
    bool is_new = false; // another file may be at that name now
    bool is_directory = false;
};

struct Changes {
    std::vector<Change> all;
    bool is_overflow = false; // some were lost: look at everything
};

class Watcher {
  public:
    Watcher();
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // Readable when there are changes; -1 where there is no inotify.
    int fd() const { return fd_; }

    // Watching what is watched already checks that the path is still the same directory. False: not possible, and why
    // is in failure().
    bool watch(const std::string& directory);

    // Ends watching all but these.
    void keep_only(const std::set<std::string>& directories);

    // Each file once for a run of equal changes. At most so many bytes of the kernel's queue at once.
    Changes take();

    const std::string& failure() const { return failure_; }
    std::size_t count() const { return watches_.size(); }

  private:
    void forget(const std::string& directory, int watch);

    int fd_;
    std::unordered_map<int, std::vector<std::string>> paths_; // several where links lead to one directory
    std::map<std::string, int, std::less<>> watches_;
    std::string failure_;
};

} // namespace agent::tail
