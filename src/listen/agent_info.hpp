// The port through which a conversation learns what it tells its client about the agent. listen owns it. One thread.
#pragma once

#include <string>

namespace agent::listen {

class AgentInfo {
  public:
    virtual ~AgentInfo() = default;

    // One line without its LF, e.g. "metrics-agent 0.1.0".
    virtual std::string version_line() const = 0;

    // "name value" lines, each with its LF.
    virtual void append_stats(std::string& out) const = 0;
};

} // namespace agent::listen
