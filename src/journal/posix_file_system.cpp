#include "journal/posix_file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <boost/system/error_code.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::journal {

namespace {

using Descriptor = FileSystem::Descriptor;
template <typename T>
using Result = FileSystem::Result<T>;

constexpr mode_t file_mode = 0640;
constexpr mode_t directory_mode = 0750;

boost::system::error_code error_of(int number) {
    return {number, boost::system::generic_category()};
}

// `call` until no signal interrupts it.
template <typename Call>
auto uninterrupted(Call call) {
    auto answer = call();
    while (answer == -1 && errno == EINTR) {
        answer = call();
    }
    return answer;
}

template <typename Call>
Result<void> done_or_error(Call call) {
    if (uninterrupted(call) == -1) {
        return error_of(errno);
    }
    return {};
}

template <typename Call>
Result<std::size_t> size_or_error(Call call) {
    const ssize_t size = uninterrupted(call);
    if (size == -1) {
        return error_of(errno);
    }
    return static_cast<std::size_t>(size);
}

Result<Descriptor> open_file(const std::string& path, int flags) {
    const int descriptor = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, file_mode); });
    if (descriptor == -1) {
        return error_of(errno);
    }
    return descriptor;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};

} // namespace

Result<Descriptor> PosixFileSystem::create(const std::string& path) {
    return open_file(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
}

Result<Descriptor> PosixFileSystem::open(const std::string& path) {
    // Not blocking: whatever is found there, a pipe without a writer must not hold up the start.
    return open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

void PosixFileSystem::close(Descriptor descriptor) {
    ::close(descriptor); // never again after EINTR: it is closed
}

Result<std::size_t> PosixFileSystem::write_at(Descriptor descriptor, std::span<const std::byte> bytes,
                                              std::uint64_t offset) {
    return size_or_error([&] { return ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
}

Result<std::size_t> PosixFileSystem::read_at(Descriptor descriptor, std::span<std::byte> bytes, std::uint64_t offset) {
    return size_or_error([&] { return ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
}

Result<void> PosixFileSystem::sync(Descriptor descriptor) {
    return done_or_error([&] { return ::fdatasync(descriptor); });
}

Result<void> PosixFileSystem::sync_directory(const std::string& path) {
    const auto directory = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!directory) {
        return directory.error();
    }
    const auto answer = done_or_error([&] { return ::fsync(*directory); });
    close(*directory);
    return answer;
}

Result<void> PosixFileSystem::remove(const std::string& path) {
    const auto answer = done_or_error([&] { return ::unlink(path.c_str()); });
    if (!answer && answer.error() == error_of(ENOENT)) {
        return {};
    }
    return answer;
}

Result<void> PosixFileSystem::rename(const std::string& from, const std::string& to) {
    return done_or_error([&] { return ::rename(from.c_str(), to.c_str()); });
}

Result<void> PosixFileSystem::make_directory(const std::string& path) {
    const auto answer = done_or_error([&] { return ::mkdir(path.c_str(), directory_mode); });
    struct stat status{};
    if (!answer && answer.error() == error_of(EEXIST) && ::stat(path.c_str(), &status) == 0 &&
        S_ISDIR(status.st_mode)) {
        return {};
    }
    return answer;
}

Result<std::vector<DirectoryEntry>> PosixFileSystem::list_files(const std::string& path) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    if (!directory) {
        return error_of(errno);
    }
    std::vector<DirectoryEntry> files;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(directory.get());
        if (entry == nullptr) {
            break;
        }
        struct stat status{};
        if (::fstatat(::dirfd(directory.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) {
                continue; // removed meanwhile
            }
            return error_of(errno);
        }
        if (S_ISREG(status.st_mode)) {
            files.push_back({.name = entry->d_name, .size_bytes = static_cast<std::uint64_t>(status.st_size)});
        }
    }
    if (errno != 0) {
        return error_of(errno);
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return files;
}

Result<Descriptor> PosixFileSystem::lock(const std::string& path) {
    const auto file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (!file) {
        return file;
    }
    const auto answer = done_or_error([&] { return ::flock(*file, LOCK_EX | LOCK_NB); });
    if (!answer) {
        close(*file);
        return answer.error();
    }
    return file;
}

} // namespace agent::journal
