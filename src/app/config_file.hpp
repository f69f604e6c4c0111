// The configuration file of `run`: an object whose keys are all optional (operations.md). For now there is one, `logs`:
// an array of objects, each a stream as the flags of `tail` say it. It is taken strictly, and all that is wrong is told
// at once: keys that are unknown or there twice, types, ranges, globs.
#pragma once

#include "core/topic.hpp"
#include "tail/stream_options.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

inline constexpr std::size_t max_config_bytes = 4 << 20; // 64 streams of 512 globs fit; it is held in memory twice
inline constexpr std::size_t max_config_errors = 100;    // told; further ones are counted

struct Config {
    std::vector<tail::StreamOptions> logs;
};

// Errors are lines for people: "FILE:LINE: logs[1].topic: what". `own_topics`: as for check_streams().
using ConfigResult = boost::system::result<Config, std::vector<std::string>>;

ConfigResult read_config(const std::string& path, const core::TopicNames& own_topics);

// The same for what is in the file.
ConfigResult parse_config(std::string_view text, std::string_view path, const core::TopicNames& own_topics);

} // namespace agent::app
