// Files as the tailer needs them from the kernel. Calls block: for the runners' threads. Errors are those of errno.
#pragma once

#include "tail/file_identity.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/system/result.hpp>

namespace agent::tail {

template <typename T>
using Result = boost::system::result<T>;

class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    int get() const { return fd_; }

  private:
    int fd_;
};

struct FileFacts {
    FileId id;
    std::uint64_t size_bytes = 0;
    std::uint64_t links = 0;      // 0: deleted, only held open
    std::int64_t modified_ns = 0; // Unix time, as the next one
    std::int64_t changed_ns = 0;  // of the inode: nobody can set it
    bool is_regular = false;
    bool is_directory = false;
    bool is_link = false;
    bool has_holes = false; // it takes less room than it is long
};

Result<FileFacts> facts_of(int fd);

// Of what is at a path below a directory; of the link itself, where it is one and `follows` is false.
Result<FileFacts> facts_at(int directory, const std::string& name, bool follows);

// A directory to look in. `base` itself may be reached over links, what is below it only where `follows`.
Result<Descriptor> open_directory(const std::string& base, const std::string& path, bool follows);

// A regular file to read, below `base` as above: else std::errc::too_many_symbolic_link_levels (a link on the way) or
// std::errc::invalid_argument (not a regular file). Does not change its access time where that is allowed, and never
// waits for anybody to open the other end.
Result<Descriptor> open_log_file(const std::string& base, const std::string& path, bool follows);

// As much as there is; less than asked for at the end only.
Result<std::size_t> read_at(int fd, std::span<char> bytes, std::uint64_t offset);

// Of the file's first bytes.
Result<Fingerprint> fingerprint_of(int fd, std::uint32_t length = fingerprint_bytes);

// Whether the bytes before the mark's offset are those that it was made of.
bool has_mark(int fd, const Mark& mark);

} // namespace agent::tail
