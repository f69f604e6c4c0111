// Records that the broker will never take (too large, refused), kept for people to look at:
// DEAD_LETTERS/<topic>.records, an outbox file (file_header.hpp, record_frame.hpp) of the kind dead_letters. It only
// grows, up to limits::dead_letter_bytes; beyond it, and where the disk fails, a record is only counted. What an
// earlier run left is continued behind its last whole frame.
//
// The writer appends it in the order of its jobs: before the removal of the file that the record was in, and before a
// watermark behind it. One thread; the work itself is the writer's.
#pragma once

#include "core/runner.hpp"
#include "core/topic.hpp"
#include "journal/file_system.hpp"
#include "journal/record_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace agent::journal {

class Outbox;

class DeadLetters {
  public:
    struct Options {
        std::string directory; // there already, as is the next one
        std::string set_aside; // for a file that cannot be continued
        std::string run;
    };

    struct Stats {
        std::uint64_t kept_records = 0;
        std::uint64_t lost_records = 0; // there was no room, or the disk failed
    };

    // Takes what the outbox sets aside. `written` is told which file has got longer. All outlive it.
    DeadLetters(Outbox& outbox, FileSystem& files, core::Runner& writer, Options options,
                std::function<void(const std::string& path)> written);

    void append(core::Topic topic, const StoredRecord& record); // copies it

    // The writer has nothing to do for it.
    bool is_quiet() const { return waiting_bytes_ == 0; }
    const Stats& stats() const { return stats_; }

  private:
    class Work;

    void appended(const std::string& path, std::size_t size_bytes, bool is_kept);

    core::Runner& writer_;
    std::shared_ptr<Work> work_; // the writer's
    std::function<void(const std::string&)> written_;
    std::size_t waiting_bytes_ = 0;
    Stats stats_;
};

} // namespace agent::journal
