// The bounds of the digest commands.
#pragma once

#include <cstddef>

namespace agent::app {

// Below 10 the Java library takes 10; above 1000 a digest no longer fits in a line of the protocol.
inline constexpr double min_digest_compression = 10;
inline constexpr double max_digest_compression = 1000;

// Centroids that wait before they are merged. One digest at a time: 256 KB buy speed that a table of series could not.
inline constexpr std::size_t digest_command_pending = 16 * 1024;

} // namespace agent::app
