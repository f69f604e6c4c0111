// All log streams of the process: files in, records out. The room's front; see docs/tail.md for what it promises.
//
// One thread calls it. Runners do what blocks: reading, looking into directories and opening on one, saving positions
// on another. Whoever owns it waits for watch_fd() and for answers of the consumer, and beats.
#pragma once

#include "core/clock.hpp"
#include "forward/log_consumer.hpp"
#include "tail/stream.hpp"
#include "tail/watcher.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::tail {

class Tailer {
  public:
    struct Options {
        std::vector<StreamOptions> streams; // the place in this list is the consumer's LogTopic
        std::string directory;              // for positions, there already; empty: nothing is kept
        std::size_t open_files = 0;         // of all streams together
        bool is_once = false;               // what is there is shipped to its end; nothing is watched
    };

    // All outlive it.
    Tailer(const Options& options, forward::LogConsumer& consumer, const Stream::Runners& runners,
           const core::Clock& clock);

    // Loads the positions; blocks. Or what is wrong with them, for people.
    boost::system::result<void, std::string> load();

    // Readable when files changed; -1 where there is no such thing. Then call changed(). It says whether there was
    // much: then it is better to come back some milliseconds later, when more has gathered.
    int watch_fd() const { return is_once_ ? -1 : watcher_.fd(); }
    bool changed();

    // Takes answers and sends on: when the consumer has answered.
    void pump();

    // Every 20 to 50 ms while has_work(), else every second at least.
    void beat();
    bool has_work() const;

    // What was there at the start has been found: what comes now is new.
    bool is_ready() const;

    // Once: all is acknowledged.
    bool is_done() const;

    // Reads no more. is_closed(): what was acknowledged is on the disk.
    void begin_close();
    bool is_closed() const;

    // What the operator should know, since the last call.
    std::vector<std::string> take_messages();

    const std::vector<std::unique_ptr<Stream>>& streams() const { return streams_; }

  private:
    void watch();

    core::Clock const& clock_;
    forward::LogConsumer& consumer_;
    bool is_once_;
    std::vector<std::unique_ptr<Stream>> streams_;
    Watcher watcher_;
    std::vector<forward::LogAnswer> answers_;
    std::int64_t next_watch_ms_ = 0;
    bool wants_watch_ = false; // a watched directory has gone
    bool is_polling_ = false;  // some directory cannot be watched
    std::string said_failure_;
    std::vector<std::string> said_save_failures_;
};

// The name of the file in the directory that holds a stream's positions.
std::string positions_file_name(const std::string& stream_name);

} // namespace agent::tail
