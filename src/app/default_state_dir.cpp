#include "app/default_state_dir.hpp"

#include <cstdlib>

namespace agent::app {

namespace {

std::string variable(const char* name) {
    const char* const value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread
    return value == nullptr ? "" : value;
}

} // namespace

std::string default_state_dir() {
    if (const auto given = variable("STATE_DIRECTORY"); !given.empty()) {
        return given.substr(0, given.find(':'));
    }
    if (const auto home = variable("XDG_STATE_HOME"); home.starts_with('/')) {
        return home + "/metrics-agent";
    }
    const auto home = variable("HOME");
    return home.starts_with('/') ? home + "/.local/state/metrics-agent" : "";
}

std::string state_dir_or_default(const std::string& given, std::string_view suffix) {
    auto directory = given.empty() ? default_state_dir() : given;
    while (directory.size() > 1 && directory.ends_with('/')) {
        directory.pop_back();
    }
    return given.empty() && !directory.empty() ? directory.append(suffix) : directory;
}

} // namespace agent::app
