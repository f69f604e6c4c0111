#include "tail/log_file.hpp"

#include <array>
#include <cerrno>

#include <boost/system/error_code.hpp>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace agent::tail {

namespace {

boost::system::error_code error_of(int number) {
    return {number, boost::system::generic_category()};
}

template <typename Call>
auto uninterrupted(Call call) {
    auto answer = call();
    while (answer == -1 && errno == EINTR) {
        answer = call();
    }
    return answer;
}

std::int64_t in_ns(const struct statx_timestamp& time) {
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

FileFacts facts_from(const struct statx& info) {
    constexpr std::uint64_t block_bytes = 512; // of stx_blocks, whatever the file system's
    return {.id = {.device = makedev(info.stx_dev_major, info.stx_dev_minor),
                   .inode = info.stx_ino,
                   .birth_ns = (info.stx_mask & STATX_BTIME) != 0 ? in_ns(info.stx_btime) : 0},
            .size_bytes = info.stx_size,
            .links = info.stx_nlink,
            .modified_ns = in_ns(info.stx_mtime),
            .changed_ns = in_ns(info.stx_ctime),
            .is_regular = S_ISREG(info.stx_mode),
            .is_directory = S_ISDIR(info.stx_mode),
            .is_link = S_ISLNK(info.stx_mode),
            .has_holes = info.stx_blocks * block_bytes < info.stx_size};
}

Result<FileFacts> facts(int directory, const char* name, int flags) {
    struct statx info{};
    if (uninterrupted([&] { return statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &info); }) == -1) {
        return error_of(errno);
    }
    return facts_from(info);
}

// What of the path is below base, for a call that is relative to it.
std::string below(const std::string& base, const std::string& path) {
    auto rest = path.substr(base.size());
    while (rest.starts_with('/')) {
        rest.erase(0, 1);
    }
    return rest.empty() ? "." : rest;
}

int open_without_links(const std::string& base, const std::string& path, int flags) {
    const Descriptor top(uninterrupted([&] { return ::open(base.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
    if (top.get() == -1) {
        return -1;
    }
    const auto rest = below(base, path);
    struct open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
    const auto fd = static_cast<int>(
        uninterrupted([&] { return syscall(SYS_openat2, top.get(), rest.c_str(), &how, sizeof how); }));
    const bool is_sandbox = errno == EPERM && (flags & O_NOATIME) == 0; // else it may be that we do not own the file
    if (fd != -1 || (errno != ENOSYS && !is_sandbox)) {
        return fd;
    }
    // Kernels before 5.6, and sandboxes that do not know the call: then only the last component is guarded.
    return uninterrupted([&] { return openat(top.get(), rest.c_str(), flags | O_NOFOLLOW); });
}

Result<Descriptor> open_below(const std::string& base, const std::string& path, bool follows, int flags) {
    const int fd =
        follows ? uninterrupted([&] { return ::open(path.c_str(), flags); }) : open_without_links(base, path, flags);
    if (fd == -1) {
        return error_of(errno);
    }
    return Descriptor(fd);
}

} // namespace

Descriptor::~Descriptor() {
    if (fd_ != -1) {
        ::close(fd_);
    }
}

Result<FileFacts> facts_of(int fd) {
    return facts(fd, "", AT_EMPTY_PATH);
}

Result<FileFacts> facts_at(int directory, const std::string& name, bool follows) {
    return facts(directory, name.c_str(), follows ? 0 : AT_SYMLINK_NOFOLLOW);
}

Result<Descriptor> open_directory(const std::string& base, const std::string& path, bool follows) {
    return open_below(base, path, follows, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Result<Descriptor> open_log_file(const std::string& base, const std::string& path, bool follows) {
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    auto opened = open_below(base, path, follows, flags | O_NOATIME);
    if (!opened && opened.error().value() == EPERM) { // only the owner may leave the access time alone
        opened = open_below(base, path, follows, flags);
    }
    if (!opened) {
        return opened;
    }
    const auto is = facts_of(opened->get());
    if (!is) {
        return is.error();
    }
    return is->is_regular ? std::move(opened) : Result<Descriptor>(error_of(EINVAL));
}

Result<std::size_t> read_at(int fd, std::span<char> bytes, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto size = uninterrupted(
            [&] { return pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done)); });
        if (size == -1) {
            return error_of(errno);
        }
        if (size == 0) {
            break;
        }
        done += static_cast<std::size_t>(size);
    }
    return done;
}

Result<Fingerprint> fingerprint_of(int fd, std::uint32_t length) {
    std::array<char, fingerprint_bytes> bytes;
    const auto size = read_at(fd, std::span(bytes).first(length), 0);
    if (!size) {
        return size.error();
    }
    return Fingerprint{.length = static_cast<std::uint32_t>(*size), .hash = content_hash({bytes.data(), *size})};
}

bool has_mark(int fd, const Mark& mark) {
    std::array<char, mark_bytes> bytes;
    const auto wanted = mark_length(mark.offset);
    const auto size = read_at(fd, std::span(bytes).first(wanted), mark.offset - wanted);
    return size && *size == wanted && content_hash({bytes.data(), wanted}) == mark.hash;
}

} // namespace agent::tail
