// The bounds of the digest commands.
#pragma once

namespace agent::app {

// Below 10 the Java library takes 10; above 1000 the agent takes 1000 (DigestMerger::Options).
inline constexpr double min_digest_compression = 10;
inline constexpr double max_digest_compression = 1000;

} // namespace agent::app
