// The bounds of the digest commands.
#pragma once

#include <cstddef>

namespace agent::app {

// Below 10 the Java library takes 10; above 1000 the agent takes 1000 (DigestMerger::Options).
inline constexpr double min_digest_compression = 10;
inline constexpr double max_digest_compression = 1000;

// What waits to be merged in one pass, which is more accurate than folding digest after digest: 256 KB, and these
// commands hold one digest only.
inline constexpr std::size_t max_pending_centroids = 16 * 1024;

} // namespace agent::app
