#include "app/absolute_path.hpp"

#include "core/limits.hpp"
#include "tail/path_glob.hpp"

#include <algorithm>
#include <array>

#include <unistd.h>

namespace agent::app {

namespace {

// `path`, which is relative, and `directory` without the dots at the beginning of `path`.
void apply_dots(std::string_view& path, std::string_view& directory) {
    for (;;) {
        const auto name = path.substr(0, path.find('/'));
        if (name != "." && name != "..") {
            break;
        }
        if (name == "..") {
            directory = directory.substr(0, directory.rfind('/'));
        }
        path.remove_prefix(name.size());
        path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    }
    if (directory == "/") {
        directory = {};
    }
}

} // namespace

std::string working_directory() {
    std::array<char, core::limits::max_path_bytes> path{};
    const char* const found = getcwd(path.data(), path.size());
    return found == nullptr || *found != '/' ? "" : found; // "(unreachable)..." is what Linux may say
}

std::string absolute_path(std::string_view path, std::string_view directory) {
    if (path.starts_with('/')) {
        return std::string(path);
    }
    apply_dots(path, directory);
    return std::string(directory).append("/").append(path);
}

std::string absolute_glob(std::string_view glob, std::string_view directory) {
    if (glob.starts_with('/')) {
        return std::string(glob);
    }
    apply_dots(glob, directory);
    return tail::PathGlob::escape(directory).append("/").append(glob);
}

} // namespace agent::app
