// Which files a stream has: looks where it is told to, knows files again, and finds out what happened to those that
// changed their place. What it finds goes into the table, and is given to the reader. One thread; looking, opening and
// searching are done on a runner.
//
// - A file that is seen first gets a uid; it is read when that is on the disk.
// - What looks like the beginning of a file beside it, with a name that rotation makes, may be a copy under way: it is
//   held until it differs, until the file is cut short (then it is the copy), or until it has stood still for
//   log_copy_hold_ms.
// - When a path names another file, or its file is cut short, the rest of the old one and generations that nobody saw
//   are searched for among the siblings; the new one is read when those before it have been.
#pragma once

#include "core/clock.hpp"
#include "core/runner.hpp"
#include "tail/directory_scan.hpp"
#include "tail/file_table.hpp"
#include "tail/opening.hpp"
#include "tail/position_keeper.hpp"
#include "tail/reader.hpp"
#include "tail/sibling_search.hpp"
#include "tail/stream_options.hpp"
#include "tail/stream_stats.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::tail {

class Discovery {
  public:
    // All outlive it.
    struct Parts {
        FileTable& files;
        PositionKeeper& positions;
        Reader& reader;
        core::Runner& runner;
        const core::Clock& clock;
        StreamStats& stats;
    };

    Discovery(const StreamOptions& options, const Parts& parts);

    // Files that may be open at once.
    void set_open_files(std::size_t most) { open_files_ = most; }

    // To be looked at: everything, or one path.
    void want_all() { wants_all_ = true; }
    void want(const std::string& path) {
        if (scan_->names(path)) {
            wanted_.insert(path);
        }
    }
    bool names(std::string_view path) const { return scan_->names(path); }

    // Its inode holds other bytes now (Reader::take_cut_short()).
    void cut_short(TailedFile& file);

    // It was closed, and may have grown.
    void reopen(TailedFile& file);

    // The files are only to be shipped as they are: nothing is a copy under way, and nothing is searched for.
    void set_once() {
        is_once_ = true;
        wants_all_ = false;
    }

    // Begins what is wanted.
    void work();

    // Nothing is under way or wanted.
    bool is_settled() const;

    // Where files are or may appear.
    const std::set<std::string>& directories() const { return directories_; }
    bool take_directories_changed() { return std::exchange(directories_changed_, false); }
    bool is_remote() const { return is_remote_; }

    // Paths that are named and not tailed, each once: for the log.
    std::vector<Refusal> take_refusals() { return std::exchange(new_refusals_, {}); }

  private:
    // A search of what is left of the last run, before it has a number.
    static constexpr std::uint64_t not_begun = UINT64_MAX;

    struct ToOpen {
        std::uint64_t inode = 0; // that was seen there
        std::string uid;         // of the closed file that is to be opened again
    };
    struct Search {
        std::uint64_t number = 0; // they are done in their order
        std::string path{};
        std::optional<LostFile> lost{}; // what is searched for, besides generations
        std::string uid{};              // of that, or of what the path named last
        std::int64_t seen_ms = 0;       // Unix time: generations are younger
        bool wants_generations = true;
    };
    using Places = std::map<std::string_view, FileId>;

    void look();
    void looked(const Findings& findings, const std::set<std::string>& asked, bool is_all);
    void found(const FoundFile& file, const Places& places);
    void leave_missing(const Findings& findings, const Places& places, const std::set<std::string>& asked, bool is_all);
    void note_directories(const Findings& findings);
    void note_refusals(const Findings& findings);
    void refuse(const std::string& path, const std::string& reason);

    void open_some();
    Opening prepare(const std::string& path, const ToOpen& wanted) const;
    bool open_again(const Opening& opening);
    void opened(Opening& opening);
    void not_opened(const Opening& opening);
    void leave_path(const std::string& path);
    void add_new(const Opening& opening);
    bool is_searched_for(const std::string& path) const;
    std::uint64_t search_before(const TailedFile& file);
    void note_past(const std::string& path, const TailedFile& file);
    void note_pasts_of_the_lost();
    TailedFile& resume(const SavedFile& saved, const Sibling& at, Place place);
    std::unique_ptr<TailedFile> make_file(const Sibling& at, Place place);

    void search_for(const TailedFile& file, const std::string& path);
    void search_for_the_lost();
    void search(Search wanted);
    void begin_search();
    void note_compressed(const FoundFile& found);
    void note_known();
    void searched(const SiblingRequest& request, const Search& search, SiblingAnswer& answer);
    void let_go_on(const Search& search, std::uint64_t order, const std::vector<std::string>& before);
    void take_rest(TailedFile& file, SiblingAnswer& answer);
    void take_rest(PositionKeeper::Lost::iterator saved, SiblingAnswer& answer);
    std::vector<std::string> add_generations(const std::string& uid, std::uint64_t order, const SiblingAnswer& answer);
    PositionKeeper::Lost::iterator find_lost(std::uint64_t inode, const std::string& uid) const;

    const StreamOptions& options_;
    std::shared_ptr<const DirectoryScan> scan_;
    FileTable& files_;
    PositionKeeper& positions_;
    Reader& reader_;
    core::Runner& runner_;
    const core::Clock& clock_;
    StreamStats& stats_;

    bool wants_all_ = true;
    bool has_looked_ = false;
    bool is_looking_ = false;
    bool is_opening_ = false;
    bool are_lost_searched_ = false; // those of the last run, once all paths have been opened
    bool is_once_ = false;
    std::size_t open_files_ = SIZE_MAX;
    std::deque<Search> to_search_;
    bool is_searching_ = false;
    std::map<std::string, std::uint64_t> last_searches_; // wanted or under way: the last one for each path
    struct Past {
        std::string uid;
        std::int64_t seen_ms = 0;
    };
    std::map<std::string, Past> pasts_; // what each path named last: others may have come and gone since
    std::vector<FileId> replaced_;      // those of the last run whose bytes are elsewhere
    std::uint64_t next_search_ = 1;
    std::uint64_t next_order_ = 1;
    std::shared_ptr<const std::vector<FileId>> known_;
    std::pair<std::uint64_t, std::size_t> known_of_;
    std::set<std::string> lost_paths_; // of the last run
    std::set<std::string> wanted_;
    std::map<std::string, ToOpen> to_open_;
    std::set<std::string> held_; // what may be a copy under way
    std::int64_t next_held_ms_ = 0;
    std::set<FileId> counted_; // compressed generations
    std::set<std::string> directories_;
    bool directories_changed_ = false;
    bool is_remote_ = false;
    std::map<std::string, std::string> refused_;
    std::vector<Refusal> new_refusals_;
};

} // namespace agent::tail
