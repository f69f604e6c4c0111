#include "tail/sibling_search.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ranges>
#include <tuple>
#include <utility>

#include <dirent.h>
#include <unistd.h>

namespace agent::tail {

namespace {

constexpr std::array<std::string_view, 7> compressed_suffixes{".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip"};

bool is_compressed(std::string_view name) {
    return std::ranges::any_of(compressed_suffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

bool is_separator(char c) {
    return c == '.' || c == '-' || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool continues(std::string_view name, std::string_view stem) {
    return name.size() > stem.size() + 1 && name.starts_with(stem) && is_separator(name[stem.size()]);
}

struct Entry {
    std::string name;
    std::uint64_t inode;
};

// Of two generations that were made within one tick of the file system's clock: app.log.2 before app.log.1, but
// app.log-20261121 before app.log-20261122.
bool is_older_name(std::string_view a, std::string_view b) {
    constexpr std::size_t longest_counter = 5; // digits; longer ones are dates
    const auto number_of = [](std::string_view path) {
        const auto name = name_of(path);
        const auto last = name.find_last_of("0123456789");
        if (last == std::string_view::npos) {
            return std::string_view();
        }
        const auto first = name.find_last_not_of("0123456789", last);
        const auto begin = first == std::string_view::npos ? 0 : first + 1;
        return name.substr(begin, last + 1 - begin);
    };
    const auto in_order = [](std::string_view x, std::string_view y) {
        return x.size() != y.size() ? x.size() < y.size() : x < y;
    };
    const auto x = number_of(a);
    const auto y = number_of(b);
    return std::max(x.size(), y.size()) <= longest_counter ? in_order(y, x) : in_order(x, y);
}

class Search {
  public:
    explicit Search(const SiblingRequest& request)
        : request_(request), directory_(directory_of(request.path)), name_(name_of(request.path)) {}

    SiblingAnswer run() {
        auto opened = open_directory(request_.base, directory_, request_.follows);
        if (!opened) {
            answer_.is_unseen = true; // it may be mounted later, or be readable again
            return std::move(answer_);
        }
        folder_ = *std::move(opened);
        if (!list()) {
            answer_.is_unseen = true;
            return std::move(answer_);
        }
        if (request_.lost) {
            find_renamed();
            if (!answer_.rest) {
                find_copy();
            }
        }
        if (request_.wants_generations) {
            find_generations();
        }
        return std::move(answer_);
    }

  private:
    bool list() {
        const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(dup(folder_.get())), closedir);
        if (!entries) {
            return false;
        }
        while (const dirent* entry = readdir(entries.get())) {
            entries_.push_back({entry->d_name, entry->d_ino});
        }
        return true;
    }

    bool is_known(const FileId& id) const { return std::ranges::binary_search(*request_.known, id); }

    Result<Sibling> open(const std::string& name) const {
        return open_sibling(request_.base, path_in(directory_, name), request_.follows);
    }

    std::optional<std::uint64_t> common_bytes(const Sibling& sibling) const {
        return tail::common_bytes(*sibling.file, sibling.facts.size_bytes, *request_.lost);
    }

    void find_renamed() {
        const auto& lost = *request_.lost;
        if (lost.is_cut_short) {
            return;
        }
        for (const auto& entry : entries_) {
            if (entry.inode != lost.id.inode) {
                continue;
            }
            auto sibling = open(entry.name);
            answer_.is_unseen |= !sibling && sibling.error().value() != ENOENT; // it is there, and cannot be read now
            if (sibling && is_same_inode(sibling->facts.id, lost.id) && lost.fingerprint.length != 0 &&
                !has_changed(*sibling->file, lost)) {
                answer_.rest = *std::move(sibling);
                return;
            }
        }
    }

    void find_copy() {
        std::tuple<std::uint64_t, std::int64_t> best{};
        for (const auto& entry : entries_) {
            if (!is_rotation_of(entry.name, name_) || is_compressed(entry.name)) {
                continue;
            }
            auto sibling = open(entry.name);
            if (!sibling || is_known(sibling->facts.id)) {
                continue;
            }
            const auto common = common_bytes(*sibling);
            if (common && (!answer_.rest || std::tuple(*common, sibling->facts.modified_ns) > best)) {
                best = {*common, sibling->facts.modified_ns};
                answer_.rest = *std::move(sibling);
                answer_.is_copy = true;
            }
        }
    }

    bool is_too_old(const FileFacts& facts) const {
        return made_ns(facts) < request_.newer_than_ns &&
               std::ranges::find(request_.replaced, facts.id) == request_.replaced.end();
    }

    void find_generations() {
        const auto now = open(std::string(name_)); // at the path
        for (const auto& entry : entries_) {
            if (!is_rotation_of(entry.name, name_)) {
                continue;
            }
            const auto facts = facts_at(folder_.get(), entry.name, request_.follows);
            if (!facts || !facts->is_regular || is_too_old(*facts) || is_known(facts->id) ||
                (answer_.rest && facts->id == answer_.rest->facts.id)) {
                continue;
            }
            if (is_compressed(entry.name)) {
                answer_.compressed.push_back({.path = path_in(directory_, entry.name), .facts = *facts});
            } else if (auto sibling = open(entry.name);
                       sibling && !(now && looks_like_beginning(*sibling->file, *now->file))) { // a copy under way
                answer_.generations.push_back(*std::move(sibling));
            }
        }
        std::ranges::sort(answer_.generations, [](const Sibling& a, const Sibling& b) {
            const auto age = [](const Sibling& s) { return std::pair(made_ns(s.facts), s.facts.modified_ns); };
            return age(a) != age(b) ? age(a) < age(b) : is_older_name(a.path, b.path);
        });
    }

    const SiblingRequest& request_;
    std::string directory_;
    std::string_view name_;
    Descriptor folder_;
    std::vector<Entry> entries_;
    SiblingAnswer answer_;
};

} // namespace

std::int64_t made_ns(const FileFacts& facts) {
    return facts.id.birth_ns != 0 ? facts.id.birth_ns : facts.modified_ns;
}

bool is_rotation_of(std::string_view name, std::string_view original) {
    if (continues(name, original)) {
        return name[original.size()] == '.' || is_digit(name[original.size() + 1]);
    }
    const auto dot = original.rfind('.');
    if (dot == std::string_view::npos || dot == 0) {
        return false;
    }
    return name.size() > original.size() + 1 && name.ends_with(original.substr(dot)) &&
           continues(name, original.substr(0, dot)) && is_digit(name[dot + 1]);
}

std::vector<std::string> originals_of(const std::string& path) {
    const auto directory = path.substr(0, path.rfind('/') + 1);
    const auto name = std::string_view(path).substr(directory.size());
    const auto dot = name.rfind('.');
    std::vector<std::string> originals;
    for (std::size_t at = 1; at + 1 < name.size(); ++at) {
        if (!is_separator(name[at])) {
            continue;
        }
        const std::string stem(name.substr(0, at));
        originals.push_back(directory + stem);
        if (dot != std::string_view::npos && dot > at) {
            originals.push_back(directory + stem + std::string(name.substr(dot)));
        }
    }
    std::erase_if(originals, [&](const std::string& each) { return !is_rotation_of(name, name_of(each)); });
    return originals;
}

std::optional<std::uint64_t> common_bytes(const Descriptor& file, std::uint64_t size_bytes, const LostFile& lost) {
    const int fd = file.get();
    const bool has_beginning = size_bytes >= lost.fingerprint.length; // else a mark tells
    const auto beginning = fingerprint_of(fd, lost.fingerprint.length);
    if (lost.fingerprint.length == 0 || !beginning || (has_beginning && *beginning != lost.fingerprint)) {
        return std::nullopt;
    }
    if (lost.offset == 0) {
        return has_beginning ? std::optional<std::uint64_t>(0) : std::nullopt;
    }
    for (const auto& mark : lost.marks | std::views::reverse) {
        const bool is_within = mark.offset != 0 && mark.offset <= size_bytes;
        if (is_within && has_mark(fd, mark)) {
            return mark.offset;
        }
        if (is_within && mark.offset == lost.offset) {
            return std::nullopt; // it has other bytes there
        }
    }
    return std::nullopt;
}

Result<Sibling> open_sibling(const std::string& base, const std::string& path, bool follows) {
    auto file = open_log_file(base, path, follows);
    if (!file) {
        return file.error();
    }
    const auto facts = facts_of(file->get());
    if (!facts) {
        return facts.error();
    }
    const auto fingerprint = fingerprint_of(file->get());
    if (!fingerprint) {
        return fingerprint.error();
    }
    return Sibling{.path = path,
                   .facts = *facts,
                   .file = std::make_shared<const Descriptor>(*std::move(file)),
                   .fingerprint = *fingerprint};
}

SiblingAnswer find_siblings(const SiblingRequest& request) {
    return Search(request).run();
}

bool has_changed(const Descriptor& file, const LostFile& known) {
    const auto facts = facts_of(file.get());
    if (!facts || facts->size_bytes < known.offset) {
        return true;
    }
    const auto beginning = fingerprint_of(file.get(), known.fingerprint.length);
    const auto mark = std::ranges::find(known.marks, known.offset, &Mark::offset);
    return !beginning || *beginning != known.fingerprint || (mark != known.marks.end() && !has_mark(file.get(), *mark));
}

bool looks_like_beginning(const Descriptor& copy, const Descriptor& original) {
    constexpr std::size_t probe_bytes = 4096;
    const auto facts = facts_of(copy.get());
    const auto of = facts_of(original.get());
    if (!facts || !of || facts->size_bytes > of->size_bytes) {
        return false;
    }
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(facts->size_bytes, probe_bytes));
    const auto is_equal_at = [&](std::uint64_t offset) {
        std::array<char, probe_bytes> ours;
        std::array<char, probe_bytes> theirs;
        const auto a = read_at(copy.get(), std::span(ours).first(length), offset);
        const auto b = read_at(original.get(), std::span(theirs).first(length), offset);
        return a && b && *a == length && *b == length && std::memcmp(ours.data(), theirs.data(), length) == 0;
    };
    return is_equal_at(0) && is_equal_at(facts->size_bytes - length);
}

} // namespace agent::tail
