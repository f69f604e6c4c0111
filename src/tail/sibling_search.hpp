// Where the rest of a file went that is no longer at its path: renamed beside it, or copied there before it was cut
// short; and which generations of it came and went unseen. Blocks: for the runners' threads.
//
// A renamed file is known by its inode, a copy only by content: the same first bytes, and one of the file's marks. Both
// have to bear the mark where reading stopped, if they are as long. Logrotate's names count as siblings of app.log:
// app.log.1, app.log-20261122, app.1.log, app-20261122.log.
#pragma once

#include "tail/directory_scan.hpp"
#include "tail/log_file.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent::tail {

// What is known of a file whose path shows something else, or nothing.
struct LostFile {
    FileId id;
    Fingerprint fingerprint;
    std::vector<Mark> marks;
    std::uint64_t offset = 0;  // where reading has to go on
    bool is_cut_short = false; // its inode is known to hold other bytes now: only a copy can have the rest
};

struct SiblingRequest {
    std::string path; // where the file was
    std::string base;
    bool follows = false;
    std::optional<LostFile> lost;
    std::shared_ptr<const std::vector<FileId>> known; // sorted: tailed, or were: neither copies nor unseen generations
    bool wants_generations = false;
    std::vector<FileId> replaced;   // files that hold other bytes now: generations, however old they are
    std::int64_t newer_than_ns = 0; // Unix time: generations were made since then
};

struct Sibling {
    std::string path;
    FileFacts facts;
    std::shared_ptr<const Descriptor> file;
    Fingerprint fingerprint;
};

struct SiblingAnswer {
    std::optional<Sibling> rest;       // of the lost file
    bool is_copy = false;              // the rest is in a copy
    std::vector<Sibling> generations;  // oldest first
    std::vector<FoundFile> compressed; // generations that nobody can read any more
    bool is_unseen = false;            // the directory could not be read: nothing is known
};

// Opens it, and takes down what it is known by.
Result<Sibling> open_sibling(const std::string& base, const std::string& path, bool follows);

SiblingAnswer find_siblings(const SiblingRequest& request);

// When a generation was made, in Unix time: renamed files and copies were since the one before them was last seen.
// Where the file system does not say: when it was last written to.
std::int64_t made_ns(const FileFacts& facts);

// Whether `name` is one that a rotation of `original` leaves behind: anything behind a dot, or a number or a date
// behind another sign, or before the extension.
bool is_rotation_of(std::string_view name, std::string_view original);

// The paths that `path` may be a rotation of, whether there are such files or not.
std::vector<std::string> originals_of(const std::string& path);

// The largest of the lost file's marks that the file bears; nothing where its beginning is another one, or what it has
// where reading stopped.
std::optional<std::uint64_t> common_bytes(const Descriptor& file, std::uint64_t size_bytes, const LostFile& lost);

// Whether the file has other bytes now than are known of it.
bool has_changed(const Descriptor& file, const LostFile& known);

// Whether all of `copy` may be the beginning of `original`: equal at its start and at its end. Both are open.
bool looks_like_beginning(const Descriptor& copy, const Descriptor& original);

} // namespace agent::tail
