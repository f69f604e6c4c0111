// What a t-digest says about its samples, as MergingDigest of the Java library 3.3 says it.
// Both want a settled digest (TDigest::is_settled).
#pragma once

#include "mabs/tdigest.hpp"

namespace agent::mabs {

// The value below which the share `q` (0 to 1) of the samples lies; NaN for an empty digest.
[[nodiscard]] double quantile(const TDigest& digest, double q);

// The share of the samples that lie below `x`, half of those equal to it among them; NaN for an empty digest.
[[nodiscard]] double cdf(const TDigest& digest, double x);

} // namespace agent::mabs
