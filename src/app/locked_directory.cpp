#include "app/locked_directory.hpp"

#include <filesystem>
#include <system_error>

namespace agent::app {

LockedDirectory::~LockedDirectory() {
    if (lock_) {
        files_.close(*lock_);
    }
}

boost::system::result<void, std::string> LockedDirectory::lock(const std::string& path) {
    const auto wrong = [&](const std::string& what) {
        return boost::system::result<void, std::string>(boost::system::in_place_error,
                                                        "state directory " + path + ": " + what);
    };
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        return wrong("cannot be made: " + error.message());
    }
    const auto locked = files_.lock(path + "/lock");
    if (!locked) {
        const bool is_held = locked.error() == boost::system::errc::resource_unavailable_try_again;
        return wrong(is_held ? "another metrics-agent uses it (--state-dir names another one)"
                             : "cannot lock " + path + "/lock: " + locked.error().message());
    }
    lock_ = *locked;
    return {};
}

} // namespace agent::app
