// What one log stream is told, as typed, and the one place that makes checked tail::StreamOptions of it: for the flags
// of `tail` and for the configuration's `logs`.
#pragma once

#include "core/topic.hpp"
#include "tail/stream_options.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

enum class StreamField : std::uint8_t {
    name,
    include,
    exclude,
    topic,
    framing,
    multiline_start,
    pack_bytes,
    max_record_bytes,
    start,
    key,
    rate_limit,
    follow_symlinks,
};

// Their names in the configuration.
inline constexpr std::array<std::string_view, 12> stream_keys{
    "name",       "include",          "exclude", "topic", "framing",    "multiline_start",
    "pack_bytes", "max_record_bytes", "start",   "key",   "rate_limit", "follow_symlinks"};

constexpr std::string_view key_of(StreamField field) {
    return stream_keys[static_cast<std::size_t>(field)];
}

std::string flag_of(StreamField field); // "--pack-bytes"

struct StreamSettings {
    std::optional<std::string> name; // none: the topic, and of the second stream of that topic topic#2
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    std::optional<std::string> topic;
    std::optional<std::string> framing;
    std::optional<std::string> multiline_start;
    std::optional<std::uint64_t> pack_bytes;
    std::optional<std::uint64_t> max_record_bytes;
    std::optional<std::string> start;
    std::optional<std::string> key;
    std::optional<std::uint64_t> rate_limit;
    bool follow_symlinks = false;

    // Fields that something was given for which could not be read, as has been told: nothing more is said of them.
    std::bitset<stream_keys.size()> unread;
};

struct StreamFault {
    static constexpr auto no_item = std::numeric_limits<std::size_t>::max();

    std::size_t stream = 0;
    StreamField field = StreamField::name;
    std::size_t item = no_item; // of include or exclude
    std::string got;            // what was typed, in quotes; empty where nothing was, or where it does not matter
    std::string what;           // is wrong
};

// Which globs there must be.
enum class Include : std::uint8_t { needed, none };

// The streams, in their order, or all that is wrong. `own_topics` are those that the agent writes its own records to:
// no stream may. More than core::limits::max_log_streams is for the caller to tell.
boost::system::result<std::vector<tail::StreamOptions>, std::vector<StreamFault>> check_streams(
    std::span<const StreamSettings> streams, const core::TopicNames& own_topics, Include include = Include::needed);

// From which number to which one a field may be said to be: "a whole number from 0 to 5".
std::string expected_number(StreamField field);

} // namespace agent::app
