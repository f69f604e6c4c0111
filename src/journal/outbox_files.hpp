// The outbox on disk: one file for each segment of a topic's queue, OUTBOX/<topic>/<number>.records. Hands new records
// to the writer in batches, holds records back until they are written, gives the memory of segments back that have to
// wait long, reads them again when it is their turn, and finds out which files are done with.
//
// A file is removed when all its records are answered and no living delta segment holds a frame that one of them
// contains: until then a replay must see it. The budget is that of all files, deltas included: where it is spent, the
// oldest file of the largest topic is dropped. One thread; reading is done on the runner.
#pragma once

#include "core/ledger.hpp"
#include "core/limits.hpp"
#include "core/runner.hpp"
#include "core/topic.hpp"
#include "journal/damage.hpp"
#include "journal/delta_log.hpp"
#include "journal/file_system.hpp"
#include "journal/journal_file.hpp"
#include "journal/layout.hpp"
#include "journal/outbox.hpp"
#include "journal/watermark.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace agent::journal {

// A file of an earlier run.
struct FoundFile {
    std::uint64_t size_bytes = 0;
    std::uint64_t answered_seq = 0; // Watermark::answered_in()
    FileHeader header;
};

class OutboxFiles {
  public:
    struct Options {
        Layout layout;
        std::uint64_t max_bytes = core::limits::journal_bytes;
        std::size_t resident_bytes = core::limits::outbox_resident_bytes; // a topic
        bool waits_for_sync = false; // records do not go before they are safe from power loss
    };

    // All outlive it. `wake` is called when a load has made records available.
    OutboxFiles(Outbox& outbox, const DeltaLog& deltas, FileSystem& files, core::Runner& reader, Options options,
                Damage& damage, std::function<void()> wake);

    // At start, in the order of their numbers; the frame that is the last one found on disk.
    void add_found(core::Topic topic, const FoundFile& file, std::uint64_t last_frame);
    std::size_t loads() const { return loads_; } // under way
    void set_next_number(core::Topic topic, std::uint64_t number);

    // Called by the outbox.
    void begin_file(core::Topic topic, Segment& segment);
    void appended(core::Topic topic, Segment& segment);
    void take_answered(core::Topic topic);
    void load_next(core::Topic topic); // the segment to send from is absent
    void load_ahead(core::Topic topic);
    void load_again();                                             // what could not be read; every second
    void make_room();                                              // on disk
    bool release_memory(std::size_t bytes, std::size_t max_bytes); // so that so much more can be held
    void forget(core::Topic topic, Segment& segment);

    // What has not been written yet, as frames. `written()` when a batch is on the disk.
    void collect(WriteBatch& batch);
    void written(const WriteBatch& batch);

    // A sync begins, and has ended well: what had been written when it began is safe from power loss.
    void begin_sync();
    void end_sync();
    void set_sync_failing(bool is_failing); // records go all the same, as from a disk that fails
    bool has_gated() const;                 // records that are written and wait for a sync

    // While the disk fails records go without having been written.
    void set_failing(bool is_failing);
    bool is_failing() const { return is_failing_; }

    // The newest segments, where all they have is answered, are ended: the memory of an idle outbox is given back.
    void end_idle();

    // What can be removed now; it counts as removed.
    std::vector<std::shared_ptr<JournalFile>> take_removable(std::uint64_t first_living_frame);

    bool has_removable(std::uint64_t first_living_frame) const;

    Watermark watermark(core::Topic topic);
    std::uint64_t written_end(core::Topic topic) const { return topics_[core::index(topic)].written_end; }
    std::uint64_t size_bytes() const { return size_bytes_ + deltas_.size_bytes(); }
    std::uint64_t max_bytes() const { return options_.max_bytes; }
    bool has_unwritten() const;

    struct Load; // one file, on its way through the reader

  private:
    static constexpr std::size_t loads_ahead = 2; // segments behind the one that is sent from
    bool has_unwritten(core::Topic topic) const;
    struct Done {
        std::shared_ptr<JournalFile> file;
        std::uint64_t size_bytes = 0;
        std::uint64_t most_covered = 0;
    };
    struct PerTopic {
        std::uint64_t next_number = 1;
        std::vector<Done> done;
        std::uint64_t size_bytes = 0;    // of the files of its queue
        std::uint64_t collected_end = 1; // positions below are written or on their way
        std::uint64_t written_end = 1;
        std::uint64_t syncing_end = 1;
        std::uint64_t synced_end = 1;
    };

    PerTopic& of(core::Topic topic) { return topics_[core::index(topic)]; }
    std::shared_ptr<JournalFile> make_file(core::Topic topic, const FileHeader& header) const;
    void finish(core::Topic topic, const Segment& segment);
    void load(core::Topic topic, Segment& segment);
    void loaded(core::Topic topic, const std::shared_ptr<Load>& load);
    void drop(core::Topic topic, Segment& segment);
    void evict(core::Topic topic, std::size_t down_to_bytes);
    static void collect(Segment& segment, WriteBatch& batch, std::size_t most_bytes);
    void update_gate(core::Topic topic);
    void update_gates();
    bool is_over_budget() const { return size_bytes() > options_.max_bytes; }

    Outbox& outbox_;
    const DeltaLog& deltas_;
    FileSystem& files_;
    core::Runner& reader_;
    Options options_;
    Damage& damage_;
    std::function<void()> wake_;
    std::array<PerTopic, core::topic_count> topics_;
    std::vector<std::pair<core::Topic, std::uint64_t>> unread_; // first positions of segments to load again
    std::vector<std::shared_ptr<JournalFile>> closing_;         // written to their end, still open
    std::uint64_t size_bytes_ = 0;                              // of records files
    std::size_t loads_ = 0;
    bool is_failing_ = false;
    bool is_sync_failing_ = false;
};

} // namespace agent::journal
