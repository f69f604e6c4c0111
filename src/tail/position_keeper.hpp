// The saved positions of one stream: loaded at start, written again when something changed, not more often than
// log_save_ms, and at once when there are files whose uid is not on the disk yet. One thread; saving is done on a
// runner.
#pragma once

#include "core/clock.hpp"
#include "core/runner.hpp"
#include "tail/file_table.hpp"
#include "tail/positions.hpp"
#include "tail/stream_stats.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::tail {

class PositionKeeper {
  public:
    // An empty path: nothing is kept. All outlive it.
    PositionKeeper(std::string path, FileTable& files, core::Runner& runner, const core::Clock& clock,
                   StreamStats& stats)
        : path_(std::move(path)), files_(files), runner_(runner), clock_(clock), stats_(stats) {}

    // Blocks; at start. Or what is wrong, for people. is_first() then tells whether there were none.
    boost::system::result<void, std::string> load();
    bool is_first() const { return is_first_; }
    bool is_kept() const { return !path_.empty(); }

    // Something is to be saved; soon, or now.
    void touch() { is_dirty_ = true; }
    void touch_now() { is_dirty_ = is_urgent_ = true; }

    // From now on without pacing: the end is near.
    void hurry() { is_hurried_ = true; }

    // Begins a save when it is time.
    void work();

    // Called when files that were new have their uid on the disk.
    void on_saved(std::function<void(TailedFile&)> saved) { saved_ = std::move(saved); }

    bool is_clean() const { return !is_dirty_ && !is_saving_; }
    const std::string& failure() const { return failure_; } // of the last save; empty when it worked

    // Of the last run, not found yet. They stay among the positions until they are.
    using Lost = std::unordered_multimap<std::uint64_t, SavedFile>; // by inode
    Lost& lost() { return lost_; }

  private:
    void saved(const std::vector<std::string>& uids, const std::string& failure);

    std::string path_;
    FileTable& files_;
    core::Runner& runner_;
    const core::Clock& clock_;
    StreamStats& stats_;
    std::function<void(TailedFile&)> saved_;
    Lost lost_;
    std::string failure_;
    std::int64_t next_ms_ = 0;
    bool is_first_ = true;
    bool is_dirty_ = false;
    bool is_urgent_ = false;
    bool is_hurried_ = false;
    std::int64_t begun_ms_ = 0; // the last save
    bool is_saving_ = false;
};

} // namespace agent::tail
