// The agent's version, from meson.build.
#pragma once

#include <string_view>

#ifndef METRICS_AGENT_VERSION
#error "the build defines METRICS_AGENT_VERSION"
#endif

namespace agent::app {

inline constexpr std::string_view version = METRICS_AGENT_VERSION;

} // namespace agent::app
