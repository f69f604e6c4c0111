// The topics that the agent writes. Their names are configuration; inside the process a topic is one of these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace agent::core {

enum class Topic : std::uint8_t { mabs, by_node, tsdb, agent };

inline constexpr std::size_t topic_count = 4;
inline constexpr std::array<Topic, topic_count> all_topics{Topic::mabs, Topic::by_node, Topic::tsdb, Topic::agent};

constexpr std::size_t index(Topic topic) {
    return static_cast<std::size_t>(topic);
}

// A topic's name without the prefix that --topic-prefix puts before it.
constexpr std::string_view base_name(Topic topic) {
    constexpr std::array<std::string_view, topic_count> names{"mabs", "mabs.by_node", "tsdb", "mabs.agent"};
    return names[index(topic)];
}

using TopicNames = std::array<std::string, topic_count>;

inline TopicNames topic_names(std::string_view prefix) {
    TopicNames names;
    for (const Topic topic : all_topics) {
        names[index(topic)] = std::string(prefix).append(base_name(topic));
    }
    return names;
}

} // namespace agent::core
