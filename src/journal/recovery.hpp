// What an earlier run left in a state directory, and its replay into open buckets. Blocking: at start, before anything
// else runs, or by `journal show`.
//
// Whatever is there, it goes on: a torn tail is the end of a file, a damaged place is skipped and counted, a file of an
// unknown newer version, or one whose header cannot be read, is moved to STATE_DIR/set-aside.
#pragma once

#include "core/topic.hpp"
#include "journal/damage.hpp"
#include "journal/delta_log.hpp"
#include "journal/delta_target.hpp"
#include "journal/file_system.hpp"
#include "journal/layout.hpp"
#include "journal/outbox_files.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::journal {

struct FoundDeltas {
    std::uint64_t first_frame = 0;
    std::uint64_t size_bytes = 0;
};

struct Findings {
    std::vector<FoundDeltas> deltas;                               // oldest first
    std::array<std::vector<FoundFile>, core::topic_count> records; // oldest first
    std::array<std::uint64_t, core::topic_count> next_numbers{};
    DeltaLog::Start last; // the highest numbers that were used
};

class Recovery {
  public:
    // Where `files` lets nothing be changed, files that cannot be used are only counted.
    Recovery(FileSystem& files, Layout layout, Damage& damage);

    // The files; the error names the one that could not be read.
    boost::system::result<Findings, std::string> survey();

    // Hands to `into` every delta that no record contains, oldest first; not finish(). Completes findings.last.
    void replay(Findings& findings, Restoration& into);

  private:
    class Replayer;

    struct Bucket {
        std::uint64_t series_id;
        std::int64_t start_ms;
        friend bool operator==(const Bucket&, const Bucket&) = default;
    };
    struct BucketHash {
        std::size_t operator()(const Bucket& bucket) const noexcept;
    };
    using Covered = std::unordered_map<Bucket, std::uint64_t, BucketHash>;

    bool survey_deltas(Findings& findings, std::string& error);
    bool survey_topic(core::Topic topic, Findings& findings, std::string& error);
    std::optional<HeaderCheck> check(const std::string& path, FileHeader& header); // none: it cannot be read now
    void put_aside(const std::string& path, const std::string& aside);
    Watermark read_watermark(core::Topic topic);
    Covered read_origins(Findings& findings);
    void read_origins(const std::string& path, Covered& covered, DeltaLog::Start& last);

    FileSystem& files_;
    Layout layout_;
    Damage& damage_;
};

} // namespace agent::journal
