
#include "tail/discovery.hpp"

#include "core/limits.hpp"

#include <algorithm>

namespace agent::tail {

namespace limits = core::limits;

namespace {

constexpr std::int64_t held_look_ms = 1000;

} // namespace

Discovery::Discovery(const StreamOptions& options, const Parts& parts)
    : options_(options),
      scan_(std::make_shared<const DirectoryScan>(options.include, options.exclude, options.follow_symlinks)),
      files_(parts.files),
      positions_(parts.positions),
      reader_(parts.reader),
      runner_(parts.runner),
      clock_(parts.clock),
      stats_(parts.stats) {
    if (options.include.empty()) { // nothing but standard input
        wants_all_ = false;
        has_looked_ = true;
    }
}

bool Discovery::is_settled() const {
    return has_looked_ && !wants_all_ && wanted_.empty() && !is_looking_ && to_open_.empty() && !is_opening_ &&
           last_searches_.empty();
}

void Discovery::work() {
    if (!held_.empty() && clock_.steady_ms() >= next_held_ms_) {
        next_held_ms_ = clock_.steady_ms() + held_look_ms;
        wanted_.insert(held_.begin(), held_.end());
        held_.clear(); // they come again if they are still to be held
    }
    if (!is_looking_ && (wants_all_ || !wanted_.empty())) {
        look();
    }
    if (!is_opening_ && !to_open_.empty()) {
        open_some();
    }
    are_lost_searched_ |= is_once_; // other files are not asked for
    if (has_looked_ && !are_lost_searched_ && to_open_.empty() && !is_opening_) {
        are_lost_searched_ = true;
        search_for_the_lost();
    }
    if (!is_searching_ && !to_search_.empty()) {
        begin_search();
    }
}

void Discovery::look() {
    is_looking_ = true;
    struct Look {
        bool is_all;
        std::set<std::string> asked;
        Findings findings;
    };
    auto look = std::make_shared<Look>(
        Look{.is_all = std::exchange(wants_all_, false), .asked = std::exchange(wanted_, {}), .findings = {}});
    runner_.run(
        [look, scan = scan_] {
            look->findings = look->is_all ? scan->all() : scan->some({look->asked.begin(), look->asked.end()});
        },
        [this, look] { looked(look->findings, look->asked, look->is_all); });
}

void Discovery::looked(const Findings& findings, const std::set<std::string>& asked, bool is_all) {
    is_looking_ = false;
    if (!has_looked_) {
        note_pasts_of_the_lost();
    }
    Places places;
    for (const auto& file : findings.files) {
        places.emplace(file.path, file.facts.id);
    }
    leave_missing(findings, places, asked, is_all);
    for (const auto& file : findings.files) {
        found(file, places);
    }
    note_refusals(findings);
    if (is_all) {
        note_directories(findings);
    } else if (is_once_) {
        for (const auto& path : asked) {
            if (!places.contains(path) && !refused_.contains(path)) {
                refuse(path, "no such file");
            }
        }
    }
    has_looked_ |= is_all || is_once_;
    work();
}

// Paths that name nothing any more. A directory that could not be read says nothing.
void Discovery::leave_missing(const Findings& findings, const Places& places, const std::set<std::string>& asked,
                              bool is_all) {
    const auto is_unseen = [&](const std::string& path) {
        return std::ranges::any_of(findings.unseen, [&](const std::string& directory) {
            return path.starts_with(directory) && (directory == "/" || path[directory.size()] == '/');
        });
    };
    std::vector<std::string> missing;
    const auto look_at = [&](const std::string& path) {
        if (!places.contains(path) && files_.at_path(path) != nullptr && !is_unseen(path)) {
            missing.push_back(path);
        }
    };
    if (!is_all) {
        std::ranges::for_each(asked, look_at);
    } else if (!findings.is_cut) {
        files_.for_each([&](const TailedFile& file) {
            if (file.place == Place::at_path && !file.is_pipe) {
                look_at(file.path);
            }
        });
    }
    std::ranges::for_each(missing, [&](const std::string& path) { leave_path(path); });
}

void Discovery::found(const FoundFile& found, const Places& places) {
    const auto now_ms = clock_.steady_ms();
    refused_.erase(found.path);
    auto* const file = files_.by_id(found.facts.id);
    auto* const there = files_.at_path(found.path);
    if (there != nullptr && there != file) {
        leave_path(found.path);
    }
    if (file == nullptr) {
        if (found.facts.size_bytes != 0) { // an empty one has nothing to be known by yet
            to_open_[found.path] = {.inode = found.facts.id.inode, .uid = {}};
        }
        return;
    }
    if (file->path != found.path || file->place != Place::at_path) {
        const auto at = places.find(file->path);
        if (file->place == Place::at_path && at != places.end() && at->second == file->id) {
            return; // another name of a file that is tailed by this one
        }
        files_.set_path(*file, found.path, now_ms);
        file->is_finished = file->is_short_copy;
        positions_.touch();
    }
    file->seen_ms = clock_.unix_ms();
    if (found.facts.size_bytes == file->seen_offset || file->is_short_copy) {
        return;
    }
    if (file->file) {
        reader_.wake(*file);
    } else {
        reopen(*file);
    }
}

// What the path named until now is read to its end, wherever it is.
void Discovery::leave_path(const std::string& path) {
    auto* const file = files_.at_path(path);
    files_.set_away(*file, clock_.steady_ms());
    positions_.touch();
    reader_.wake(*file);
    search_for(*file, path);
}

void Discovery::note_directories(const Findings& findings) {
    std::set<std::string> directories(findings.directories.begin(), findings.directories.end());
    directories_changed_ |= directories != directories_;
    directories_ = std::move(directories);
    is_remote_ = findings.is_remote;
}

void Discovery::note_refusals(const Findings& findings) {
    for (const auto& refusal : findings.refused) {
        refuse(refusal.path, refusal.reason);
    }
    if (findings.is_cut) {
        refuse("", "more than " + std::to_string(limits::max_log_files) + " files: the others are not tailed");
    }
}

void Discovery::refuse(const std::string& path, const std::string& reason) {
    if (refused_.size() >= limits::max_log_files) {
        refused_.clear();
    }
    auto& last = refused_[path];
    if (last != reason) {
        last = reason;
        new_refusals_.push_back({path, reason});
    }
}

void Discovery::reopen(TailedFile& file) {
    to_open_[file.path] = {.inode = file.id.inode, .uid = file.uid};
}

} // namespace agent::tail
