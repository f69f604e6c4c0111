// What `metrics-agent run` was told, as typed (RunFlags) and as the agent takes it (RunOptions). Only finalize() makes
// RunOptions, so whoever holds one holds checked values.
#pragma once

#include "aggregate/deny_list.hpp"
#include "app/shared_options.hpp"
#include "core/limits.hpp"
#include "journal/journal.hpp"
#include "listen/listener.hpp"
#include "tail/stream_options.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

struct RunFlags : SharedFlags {
    std::vector<std::string> listen;      // HOST:PORT; none: localhost:18126
    std::vector<std::string> listen_unix; // paths
    bool allow_remote = false;
    std::string config; // a file; none: no log streams
    bool no_state = false;
    std::string fsync = "interval";
    std::uint64_t max_bytes = core::limits::journal_bytes;
    double flush_interval_s = 10;
    double resolution_s = 60;
    std::vector<std::string> deny; // globs
    std::size_t max_series = core::limits::default_max_series;
    bool embedded_broker = false;
    bool to_stdout = false;
};

enum class OutputKind : std::uint8_t { kafka, embedded_broker, standard_output };

class RunOptions : public SharedOptions {
  public:
    listen::ListenOptions listen;
    OutputKind output = OutputKind::kafka;
    std::string state_dir; // none: everything is kept in memory
    journal::Fsync fsync = journal::Fsync::interval;
    std::uint64_t max_bytes = 0; // of the state directory
    std::int64_t flush_interval_ms = 0;
    std::int64_t resolution_ms = 0;
    aggregate::DenyList deny;
    std::size_t max_series = 0;
    std::vector<tail::StreamOptions> logs;

  private:
    RunOptions() = default;
    friend class RunFinalizer;
};

// Or everything that is wrong, each naming its flag, or the place in the configuration file.
boost::system::result<RunOptions, std::vector<std::string>> finalize(const RunFlags& flags);

} // namespace agent::app
