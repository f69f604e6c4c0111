// fdatasync on a thread of its own, one at a time: which files want it, when it is due, and how far it has got. Syncs
// are numbered from 1; what was added before a sync began is safe from power loss when it is done. One thread but for
// the work itself.
#pragma once

#include "core/clock.hpp"
#include "core/runner.hpp"
#include "journal/file_system.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include <boost/system/error_code.hpp>

namespace agent::journal {

enum class Fsync : std::uint8_t {
    interval, // each second: kill -9 loses nothing that is durable, power loss a second
    always,   // before anything is called durable
    never,    // when the kernel likes
};

class Syncer {
  public:
    // `ended` is told how each sync went. All outlive it.
    Syncer(FileSystem& files, core::Runner& runner, const core::Clock& clock, Fsync mode,
           std::function<void(const boost::system::error_code&)> ended)
        : files_(files), runner_(runner), clock_(clock), mode_(mode), ended_(std::move(ended)) {}

    void add_file(const std::string& path) { new_.files.insert(path); }
    void add_directory(const std::string& path) { new_.directories.insert(path); }

    // Begins one if there is something to sync and it is time: each second, or at once where it is urgent.
    void start_if_due(bool is_urgent);

    // The first sync that begins after now.
    std::uint64_t next() const { return begun_ + 1; }
    bool is_done(std::uint64_t number) const { return done_ >= number; }

    bool is_busy() const { return is_busy_; }
    bool has_nothing_to_do() const { return !is_busy_ && new_.files.empty() && new_.directories.empty(); }
    std::int64_t began_ms() const { return last_ms_; } // the last one that began, on the steady clock
    bool has_failed() const { return has_failed_; }    // the last one; what it was for is tried again

  private:
    struct Paths {
        std::set<std::string> files;
        std::set<std::string> directories;
    };

    void end(const boost::system::error_code& failure);

    FileSystem& files_;
    core::Runner& runner_;
    const core::Clock& clock_;
    Fsync mode_;
    std::function<void(const boost::system::error_code&)> ended_;
    Paths new_;
    Paths under_way_;                // the runner's while is_busy_
    std::set<std::string> doubtful_; // of a sync that failed; the runner's, too
    bool is_busy_ = false;
    bool has_failed_ = false;
    std::uint64_t begun_ = 0;
    std::uint64_t done_ = 0;
    std::int64_t last_ms_ = 0;
};

} // namespace agent::journal
