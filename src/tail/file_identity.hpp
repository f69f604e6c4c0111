// By what a file is known again: inode and time of birth, a fingerprint of its first bytes, and marks: hashes of the
// bytes before places that were reached. Inodes are used again, names change hands, and copies have other inodes; only
// content tells whether the bytes before a saved position are still those that were sent.
//
// Hashes are 64-bit FNV-1a of the bytes (draft-eastlake-fnv): for storage, not against attackers. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent::tail {

inline constexpr std::size_t fingerprint_bytes = 1024;
inline constexpr std::size_t mark_bytes = 64;
inline constexpr std::size_t max_marks = 16; // of one file: some seconds back, for copies that were made meanwhile

struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t birth_ns = 0; // Unix time; 0 where the file system does not say

    friend auto operator<=>(const FileId&, const FileId&) = default;
};

// The number of the device may be another one after a reboot.
constexpr bool is_same_inode(const FileId& a, const FileId& b) {
    return a.inode == b.inode && (a.birth_ns == b.birth_ns || a.birth_ns == 0 || b.birth_ns == 0);
}

struct Fingerprint {
    std::uint32_t length = 0; // of what was there when it was taken, at most fingerprint_bytes
    std::uint64_t hash = 0;

    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// The hash of the mark_bytes before an offset, or of all bytes where there are fewer.
struct Mark {
    std::uint64_t offset = 0;
    std::uint64_t hash = 0;

    friend bool operator==(const Mark&, const Mark&) = default;
};

std::uint64_t content_hash(std::string_view bytes);

constexpr std::size_t mark_length(std::uint64_t offset) {
    return offset < mark_bytes ? static_cast<std::size_t>(offset) : mark_bytes;
}

// Of the bytes that end at `offset`; as many as a mark wants, or more.
Mark make_mark(std::uint64_t offset, std::string_view bytes_before);

// Marks of one file, the newest last. They are kept some time and some bytes apart, so that they reach back.
class Marks {
  public:
    void add(const Mark& mark, std::int64_t steady_ms);
    void restore(std::vector<Mark> marks) { marks_ = std::move(marks); }
    void clear() { marks_.clear(); }

    std::span<const Mark> all() const { return marks_; }
    const Mark* at(std::uint64_t offset) const; // null where there is none

  private:
    std::vector<Mark> marks_;
    std::int64_t kept_ms_ = 0; // when the last one but one was added: the last one is replaced till it is old enough
};

} // namespace agent::tail
