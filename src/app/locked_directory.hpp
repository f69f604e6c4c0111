// A directory that one process has for itself: made where it is missing, with its parents, and locked until the end.
#pragma once

#include "journal/posix_file_system.hpp"

#include <optional>
#include <string>

#include <boost/system/result.hpp>

namespace agent::app {

class LockedDirectory {
  public:
    LockedDirectory() = default;
    ~LockedDirectory();
    LockedDirectory(const LockedDirectory&) = delete;
    LockedDirectory& operator=(const LockedDirectory&) = delete;

    // Once. Or why not, for people.
    boost::system::result<void, std::string> lock(const std::string& path);

  private:
    journal::PosixFileSystem files_;
    std::optional<journal::FileSystem::Descriptor> lock_;
};

} // namespace agent::app
