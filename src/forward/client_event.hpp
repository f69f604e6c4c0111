// Something the Kafka client wants the operator to know.
#pragma once

#include <cstdint>
#include <string>

namespace agent::forward {

enum class EventLevel : std::uint8_t { error, warning, info, debug };

struct ClientEvent {
    EventLevel level = EventLevel::info;
    std::string text;
};

} // namespace agent::forward
