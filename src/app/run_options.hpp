// What `metrics-agent run` was told, as typed (RunFlags) and as the agent takes it (RunOptions). Only finalize() makes
// RunOptions, so whoever holds one holds checked values.
#pragma once

#include "aggregate/deny_list.hpp"
#include "core/limits.hpp"
#include "core/topic.hpp"
#include "journal/journal.hpp"
#include "listen/listener.hpp"
#include "observe/log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

struct RunFlags {
    std::vector<std::string> listen;      // HOST:PORT; none: localhost:18126
    std::vector<std::string> listen_unix; // paths
    bool allow_remote = false;
    std::string brokers;                 // none: localhost:9092
    std::vector<std::string> properties; // PROPERTY=VALUE
    std::string topic_prefix;
    std::string host;      // none: the host's name
    std::string state_dir; // none: where the environment says
    bool no_state = false;
    std::string fsync = "interval";
    std::uint64_t max_bytes = core::limits::journal_bytes;
    double flush_interval_s = 10;
    double resolution_s = 60;
    std::vector<std::string> deny; // globs
    std::size_t max_series = core::limits::default_max_series;
    bool embedded_broker = false;
    bool to_stdout = false;
    std::string log_level = "info";
};

enum class OutputKind : std::uint8_t { kafka, embedded_broker, standard_output };

class RunOptions {
  public:
    listen::ListenOptions listen;
    OutputKind output = OutputKind::kafka;
    std::string brokers;
    std::vector<std::pair<std::string, std::string>> properties;
    core::TopicNames topics;
    std::string host;
    std::string state_dir; // none: everything is kept in memory
    journal::Fsync fsync = journal::Fsync::interval;
    std::uint64_t max_bytes = 0; // of the state directory
    std::int64_t flush_interval_ms = 0;
    std::int64_t resolution_ms = 0;
    aggregate::DenyList deny;
    std::size_t max_series = 0;
    observe::Level log_level = observe::Level::info;

  private:
    RunOptions() = default;
    friend class RunFinalizer;
};

// Or everything that is wrong, each naming its flag.
boost::system::result<RunOptions, std::vector<std::string>> finalize(const RunFlags& flags);

} // namespace agent::app
