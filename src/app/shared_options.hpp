// What `run` and `tail` are told alike: as typed (SharedFlags), and checked (SharedOptions).
#pragma once

#include "core/topic.hpp"
#include "observe/log.hpp"

#include <string>
#include <utility>
#include <vector>

namespace agent::app {

struct SharedFlags {
    std::string brokers;                 // none: localhost:9092
    std::vector<std::string> properties; // PROPERTY=VALUE
    std::string topic_prefix;
    std::string host;      // none: the host's name
    std::string state_dir; // none: where the environment says
    std::string log_level = "info";
};

struct SharedOptions {
    std::string brokers;
    std::vector<std::pair<std::string, std::string>> properties;
    core::TopicNames topics; // of the agent's own records
    std::string host;
    observe::Level log_level = observe::Level::info;
};

// All but the state directory, whose rules differ. What is wrong is appended, each naming its flag; the options are
// then good for checking others against them only.
SharedOptions check_shared(const SharedFlags& flags, std::vector<std::string>& errors);

} // namespace agent::app
