// What a conversation learns about the agent, as the test has it.
#pragma once

#include "listen/agent_info.hpp"

#include <string>

namespace agent::test {

class FakeAgentInfo final : public listen::AgentInfo {
  public:
    std::string version = "metrics-agent 1.2.3";
    std::string stats = "received_lines 7\naccepted_lines 7\n";
    mutable int stats_made = 0;

    std::string version_line() const override { return version; }
    void append_stats(std::string& out) const override {
        out.append(stats);
        ++stats_made;
    }
};

} // namespace agent::test
