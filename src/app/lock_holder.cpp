#include "app/lock_holder.hpp"

#include <cstdio>
#include <fstream>
#include <string_view>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace agent::app {

namespace {

bool is_agent(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    return std::getline(file, name) && name == "metrics-agent";
}

} // namespace

std::optional<int> lock_holder(const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) {
        return std::nullopt;
    }
    std::ifstream locks("/proc/locks"); // "7: FLOCK  ADVISORY  WRITE 1234 fd:01:56789 0 EOF"
    for (std::string line; std::getline(locks, line);) {
        int pid = 0;
        unsigned device_major = 0;
        unsigned device_minor = 0;
        unsigned long inode = 0;
        if (std::sscanf(line.c_str(), "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &device_major, &device_minor, &inode) !=
                4 ||
            inode != status.st_ino) {
            continue;
        }
        // Some file systems (btrfs, overlayfs) show another device number here than stat() does.
        const bool is_device = device_major == major(status.st_dev) && device_minor == minor(status.st_dev);
        if (is_device || is_agent(pid)) {
            return pid;
        }
    }
    return std::nullopt;
}

} // namespace agent::app
