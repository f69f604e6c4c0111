// The names of a file system, and which of them survive a loss of power: those of directories that were synced since
// for sure; any other file or directory that was made may be gone, one that was removed may be back, and one that was
// renamed may have its old name or its new one (after a rename between directories: both; never none).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace agent::test {

class FakeNames {
  public:
    using FileId = std::uint64_t;

    static std::string parent_of(const std::string& path) {
        const auto slash = path.rfind('/');
        return slash == std::string::npos ? "" : slash == 0 ? "/" : path.substr(0, slash);
    }

    const std::map<std::string, FileId>& files() const { return now_.files; }

    const FileId* find(const std::string& path) const {
        const auto found = now_.files.find(path);
        return found == now_.files.end() ? nullptr : &found->second;
    }

    bool has_directory(const std::string& path) const { return now_.has_directory(path); }

    // Names have to be free, and parents there; rename replaces.
    void add(const std::string& path, FileId file) { change({.added = path, .file = file}); }
    void remove(const std::string& path) { change({.removed = path}); }
    void rename(const std::string& from, const std::string& to) {
        change({.added = to, .file = now_.files.at(from), .removed = from});
    }
    void make_directory(const std::string& path) { change({.added = path, .is_directory = true}); }

    void sync(const std::string& directory) {
        for (Change& change : changes_) {
            const bool removal_is_sure = !change.removed.empty() && parent_of(change.removed) == directory;
            change.removal_is_sure = change.removal_is_sure || removal_is_sure;
            // A name goes for sure only when its file has its new one.
            const bool is_sure = !change.added.empty() && parent_of(change.added) == directory;
            change.is_sure = change.is_sure || is_sure || removal_is_sure;
        }
        const auto doubtful = std::find_if(changes_.begin(), changes_.end(), [](const Change& change) {
            return !change.is_sure || (!change.removed.empty() && !change.removal_is_sure);
        });
        std::for_each(changes_.begin(), doubtful, [this](const Change& change) { synced_.apply(change, true, true); });
        changes_.erase(changes_.begin(), doubtful);
    }

    void lose_power(std::mt19937& random) {
        const auto pick = [&random](std::size_t last) {
            return std::uniform_int_distribution<std::size_t>(0, last)(random);
        };
        const bool is_in_order = pick(1) == 0;
        const std::size_t cut = pick(changes_.size());
        State state = synced_;
        for (std::size_t i = 0; i < changes_.size(); ++i) {
            const Change& change = changes_[i];
            const bool is_kept = change.is_sure || (is_in_order ? i < cut : pick(1) == 0);
            const bool is_atomic = change.added.empty() || parent_of(change.added) == parent_of(change.removed);
            const bool is_removed = is_kept && (change.removal_is_sure || is_atomic || pick(1) == 0);
            state.apply(change, is_kept, is_removed);
        }
        state.drop_orphans();
        now_ = state;
        synced_ = state;
        changes_.clear();
    }

    // Every file that has a name, or may have one again.
    std::set<FileId> possible_files() const {
        std::set<FileId> ids;
        for (const auto* files : {&now_.files, &synced_.files}) {
            for (const auto& [path, id] : *files) {
                ids.insert(id);
            }
        }
        for (const Change& change : changes_) {
            ids.insert(change.file);
        }
        return ids;
    }

  private:
    struct Change {
        std::string added = {};
        FileId file = 0;
        std::string removed = {};
        bool is_directory = false;
        bool is_sure = false; // of `added`
        bool removal_is_sure = false;
    };

    struct State {
        std::map<std::string, FileId> files;
        std::set<std::string> directories;

        bool has_directory(const std::string& path) const {
            return path.empty() || path == "/" || path == "." || directories.contains(path);
        }

        void apply(const Change& change, bool adds, bool removes) {
            if (adds && change.is_directory) {
                directories.insert(change.added);
            } else if (adds && !change.added.empty()) {
                files[change.added] = change.file;
            }
            if (removes && !change.removed.empty()) {
                files.erase(change.removed);
            }
        }

        void drop_orphans() {
            // Parents sort before what is in them.
            for (auto it = directories.begin(); it != directories.end();) {
                it = has_directory(parent_of(*it)) ? std::next(it) : directories.erase(it);
            }
            std::erase_if(files, [this](const auto& file) { return !has_directory(parent_of(file.first)); });
        }
    };

    void change(const Change& change) {
        changes_.push_back(change);
        now_.apply(change, true, true);
    }

    State now_;
    State synced_;
    std::vector<Change> changes_; // from synced_ to now_, in their order
};

} // namespace agent::test
