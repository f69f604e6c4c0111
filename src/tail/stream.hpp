// One log stream: its files, from being found to being acknowledged. Joins discovery, reader, sender and positions, and
// says when a file is over. One thread; the runners do what blocks.
#pragma once

#include "core/clock.hpp"
#include "core/runner.hpp"
#include "forward/log_consumer.hpp"
#include "tail/discovery.hpp"
#include "tail/file_table.hpp"
#include "tail/position_keeper.hpp"
#include "tail/reader.hpp"
#include "tail/sender.hpp"
#include "tail/stream_options.hpp"
#include "tail/stream_stats.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace agent::tail {

class Stream {
  public:
    struct Share {
        std::string positions; // where they are saved; empty: nowhere
        forward::LogTopic topic = 0;
        std::size_t buffer_bytes = 0;
        std::size_t records = 0; // read and not yet acknowledged
        std::size_t open_files = 0;
        bool is_once = false;
    };
    struct Runners {
        core::Runner& reader; // reads, looks, opens
        core::Runner& saver;  // positions
    };

    // All outlive it.
    Stream(StreamOptions options, const Share& share, forward::LogConsumer& consumer, const Runners& runners,
           const core::Clock& clock);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Blocks; or what is wrong with the saved positions.
    boost::system::result<void, std::string> load() { return positions_.load(); }

    // Standard input, or any other pipe, under that name. Takes the descriptor.
    void add_pipe(Descriptor pipe, const std::string& name);

    // What was heard of: a file was written to, or its name may be another one's now.
    void changed(const std::string& path, bool is_new, std::int64_t now_us);
    void look_at_all() { discovery_.want_all(); }
    void look_at(const std::string& path) { discovery_.want(path); }

    // What time has made due; every 20 ms to 1 s.
    void beat();

    // Sends what waits, and reads on.
    void work();

    // Something waits for the consumer or for the time to pass: beat often.
    bool has_work() const;

    bool has_unanswered() const { return sender_.unanswered() != 0; }

    // All is acknowledged, and the end of every file has been reached (once).
    bool is_done() const;

    // Reads no more. is_closed(): the positions of all that was acknowledged are on the disk.
    void begin_close();
    bool is_closed() const { return positions_.is_clean() || !positions_.is_kept(); }

    Discovery& discovery() { return discovery_; }
    const StreamOptions& options() const { return options_; }
    const StreamStats& stats() const { return stats_; }
    const FileTable& files() const { return files_; }
    const std::string& failure() const { return positions_.failure(); }

    // What was named and is not shipped, or not wholly, since the last call: for the log.
    std::vector<Refusal> take_refusals();

    // Everything was looked at, once, and what was there is known.
    bool is_ready() const { return discovery_.is_settled(); }

    std::uint64_t lag_bytes() const;
    std::int64_t lag_ms() const; // since when the oldest file has something that is not acknowledged

  private:
    void tick();
    bool tend(TailedFile& file, std::int64_t now_ms);
    bool is_over(const TailedFile& file) const;
    bool watch_end(TailedFile& file, std::int64_t now_ms);
    void let_go_on(TailedFile& file);
    void close_some(std::int64_t now_ms);

    StreamOptions options_;
    Share share_;
    const core::Clock& clock_;
    StreamStats stats_;
    FileTable files_;
    BufferPool buffers_;
    Sender sender_;
    Reader reader_;
    PositionKeeper positions_;
    Discovery discovery_;
    std::int64_t ticked_ms_ = 0;
    bool needs_tick_ = true; // some file waits for the time to pass
    std::int64_t next_look_ms_ = 0;
    bool is_closing_ = false;
};

} // namespace agent::tail
