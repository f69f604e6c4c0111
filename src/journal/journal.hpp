// The journal of a state directory: deltas of the open buckets, finished records, and how both survive the process.
//
// Nothing here waits for the disk: what is to be written goes to the writer's thread in batches, one at a time; while
// that is busy changes gather where they are. fdatasync has a thread of its own, reading back another. One thread; all
// that the runners finish comes back on it.
//
// A disk that fails (full, EIO) makes it an outbox in bounded memory: nothing is durable then; the batch that failed is
// tried again each second, and when it goes through everything is as before.
#pragma once

#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "core/runner.hpp"
#include "journal/damage.hpp"
#include "journal/dead_letters.hpp"
#include "journal/delta_log.hpp"
#include "journal/disk_work.hpp"
#include "journal/file_system.hpp"
#include "journal/outbox.hpp"
#include "journal/outbox_files.hpp"
#include "journal/recovery.hpp"
#include "journal/syncer.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::journal {

struct JournalOptions {
    std::string directory;
    std::uint64_t max_bytes = core::limits::journal_bytes;
    Fsync fsync = Fsync::interval;
    std::int64_t resolution_ms = 60'000;
};

// Each a thread of its own.
struct Runners {
    core::Runner& writer;
    core::Runner& syncer;
    core::Runner& reader;
};

struct JournalStats {
    std::uint64_t written_bytes = 0;
    std::uint64_t write_failures = 0;
    std::uint64_t sync_failures = 0;
    std::string last_failure; // path and reason, empty before the first one
};

class Journal {
  public:
    // All outlive it. `wake` is called when something has changed: records may go, a barrier may have been reached.
    Journal(FileSystem& files, const Runners& runners, JournalOptions options, Outbox& outbox, const core::Clock& clock,
            std::function<void()> wake);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // Makes the directory where it is missing, locks it, takes up what is there. Blocking. The error says what is wrong
    // with which path.
    boost::system::result<void, std::string> open();

    // Hands what was open to `into`; before any line comes. Blocking.
    void replay(Restoration& into);

    DeltaSink& deltas() { return deltas_; }

    // Whether write() would go out now.
    bool is_ready() const { return !is_writing_ && !is_failing(); }

    // Writes the deltas of the open frame and all new records. `is_drained`: these are all the changes there are, the
    // oldest since `oldest_ms` (steady clock, 0: none).
    // True where that is a drain (below).
    bool write(bool is_drained, std::int64_t oldest_ms);
    bool has_unwritten_records() const { return files_.has_unwritten(); }

    // A drain is a write that took everything along. What has been accepted by now is safe when drain
    // next_drain() is.
    std::uint64_t next_drain() const { return last_drain_ + 1; }
    std::uint64_t safe_drain() const { return safe_drain_; }

    // Whether everything that was written is safe, too, as --fsync has it.
    bool is_all_safe() const { return safe_drain_ == last_drain_ && !is_writing_ && !is_failing(); }

    // Every record and every delta that was handed over has been written.
    bool is_all_written() const { return !is_writing_ && !is_failing() && !files_.has_unwritten(); }

    // False while the disk fails or hangs: nobody should wait for a drain then.
    bool is_durable() const;

    // Every 20 to 1000 ms: tries again, syncs, writes watermarks, removes files.
    void beat();

    // Records wait for the writer, and there is soon no room for more.
    bool is_choked() const;

    // A flush begins; it has sealed everything that had been changed before.
    void begin_flush(bool is_last = false); // of this process
    void end_flush();

    // The deltas since the last flush have become so many that they should be sealed.
    bool wants_flush() const;

    // Nothing is under way.
    bool is_quiet() const {
        return !is_writing_ && !syncer_.is_busy() && !is_tidying_ && dead_letters_.is_quiet() && files_.loads() == 0;
    }

    // For the end of the process: from now on beat() waits for no interval. Everything is done when is_closed().
    void begin_close();
    bool is_closed();

    bool is_failing() const { return static_cast<bool>(failure_); }
    std::int64_t oldest_unwritten_ms() const; // steady clock; 0: everything is written
    std::uint64_t size_bytes() const { return files_.size_bytes(); }
    std::uint64_t max_bytes() const { return files_.max_bytes(); }
    const JournalStats& stats() const { return stats_; }
    const Damage& damage() const { return damage_; }
    const OutboxFiles& files() const { return files_; }
    const DeadLetters& dead_letters() const { return dead_letters_; }

  private:
    // Delta segments whose content is sealed, until the records are safe.
    struct Retiring {
        std::vector<std::shared_ptr<JournalFile>> segments;
        std::array<std::uint64_t, core::topic_count> end_positions{}; // of the records
        std::uint64_t sync = 0;                                       // not 0: safe when this sync is done
    };

    // What the writer's thread removes and replaces.
    struct Tidying {
        std::vector<std::shared_ptr<JournalFile>> deltas;  // afterwards those that could not be removed
        std::vector<std::shared_ptr<JournalFile>> records; // ... too
        std::vector<std::pair<std::string, Watermark>> watermarks;
        std::uint64_t deltas_below = 0; // all older ones are gone then; 0: none is removed
        bool watermarks_failed = false;
    };

    boost::system::result<void, std::string> make_directories();
    void start_writing();
    void written(const WriteResult& result);
    void fail(const std::string& path, const boost::system::error_code& failure);
    void reach(std::uint64_t drain);
    void sync();
    void synced(const boost::system::error_code& failure);
    bool is_sync_hopeless() const;
    void retire();
    void tidy();
    void tidied(const Tidying& done);
    std::vector<std::pair<std::string, Watermark>> changed_watermarks();

    FileSystem& disk_;
    Runners runners_;
    JournalOptions options_;
    Layout layout_;
    Outbox& outbox_;
    const core::Clock& clock_;
    std::function<void()> wake_;
    Damage damage_;
    DeltaLog deltas_;
    OutboxFiles files_;
    DeadLetters dead_letters_;
    JournalStats stats_;
    Findings findings_;
    FileSystem::Descriptor lock_ = -1;

    std::unique_ptr<WriteBatch> batch_; // of the writer while is_writing_, or waiting to be tried again
    bool is_writing_ = false;
    std::int64_t write_began_ms_ = 0;
    boost::system::error_code failure_;
    std::int64_t next_try_ms_ = 0;
    std::uint64_t last_drain_ = 0;    // given
    std::uint64_t written_drain_ = 0; // its write has returned
    std::uint64_t safe_drain_ = 0;

    Syncer syncer_;
    std::uint64_t syncing_drain_ = 0; // written when the sync under way began

    bool is_flushing_ = false;
    Retiring retiring_;
    std::uint64_t living_below_ = 0;          // the oldest delta that there was when the last segments were retired
    std::uint64_t removal_sync_ = 0;          // not 0: the removal of older ones is safe when this sync is done
    std::uint64_t removing_below_ = 0;        // ... and this is what is older
    std::uint64_t removable_below_frame_ = 0; // files whose records contain no delta from here on may go
    bool is_tidying_ = false;
    bool is_closing_ = false;
    std::vector<std::shared_ptr<JournalFile>> doomed_;         // deltas, to be removed
    std::vector<std::shared_ptr<JournalFile>> doomed_records_; // which could not be removed yet
    std::array<Watermark, core::topic_count> watermarks_{};    // on disk
    std::int64_t last_watermark_ms_ = 0;
    std::int64_t next_removal_ms_ = 0; // after one that failed
};

} // namespace agent::journal
