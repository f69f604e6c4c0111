// Reads the files of one stream, one chunk of a file after the other in turn, and cuts them into records for the
// sender. As much as there is room for: when Kafka is slow nothing is read, the files are the buffer. The reading
// itself is done on a runner; everything else on the one thread of logic.
#pragma once

#include "core/clock.hpp"
#include "core/runner.hpp"
#include "tail/buffer.hpp"
#include "tail/directory_scan.hpp"
#include "tail/framer.hpp"
#include "tail/read_request.hpp"
#include "tail/sender.hpp"
#include "tail/stream_options.hpp"
#include "tail/stream_stats.hpp"
#include "tail/tailed_file.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace agent::tail {

class Reader {
  public:
    // All outlive it.
    Reader(const StreamOptions& options, Sender& sender, BufferPool& buffers, std::size_t chunk_bytes,
           core::Runner& runner, const core::Clock& clock, StreamStats& stats);

    // There may be more of it, or its end is to be sent: it is read when it is its turn. Nothing happens where it is
    // waiting for something (TailedFile::is_saved, search, after, retry_ms): call again when it no longer does.
    void wake(TailedFile& file);

    // Before its file goes.
    void forget(TailedFile& file);

    // Begins as many reads as there is room for.
    void work();

    bool is_idle() const { return queue_.empty() && reading_ == 0; }

    // Uids of files whose inode holds other bytes now, since the last call.
    std::vector<std::string> take_cut_short() { return std::exchange(cut_short_, {}); }

    // Files whose rest is no frame, and from which byte on, since the last call: for the log.
    std::vector<Refusal> take_faults() { return std::exchange(faults_, {}); }

    // Whether bytes that are read to their end now are all there will ever be.
    void set_once(bool is_once) { is_once_ = is_once; }

  private:
    bool may_read(const TailedFile& file) const;
    void begin(TailedFile& file);
    void finish(TailedFile& file, ReadRequest& request);
    void note_failure(TailedFile& file, int error);
    void note_facts(TailedFile& file, const ReadRequest& request);
    void take_bytes(TailedFile& file, ReadRequest& request);
    void add_batch(TailedFile& file, ReadRequest& request, std::uint64_t begin, std::size_t begins_at);
    void pass_over(TailedFile& file, std::uint64_t end, Skip reason);
    void end_file(TailedFile& file, const ReadRequest& request);
    bool is_last_read(const TailedFile& file) const;
    void refill();
    std::size_t length_for(const TailedFile& file) const;

    const StreamOptions& options_;
    Sender& sender_;
    BufferPool& buffers_;
    std::size_t chunk_bytes_;
    core::Runner& runner_;
    const core::Clock& clock_;
    StreamStats& stats_;
    Framer framer_;
    Cuts cuts_;
    std::deque<TailedFile*> queue_;
    std::size_t reading_ = 0;
    std::int64_t budget_bytes_ = 0; // of the rate limit
    std::int64_t refilled_ms_ = 0;
    bool is_once_ = false;
    std::vector<std::string> cut_short_;
    std::vector<Refusal> faults_;
};

} // namespace agent::tail
