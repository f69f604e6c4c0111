// What of a digest goes into a merge. Two things are put right first, neither of which changes the weight, the sum (but
// for rounding), min or max:
//
// - Means are brought within [min, max], which they may leave by the rounding of their layout.
// - One sample is known to lie at min and one at max. Where the first or the last centroid is heavier than 1 and lies
//   inside, that sample is split off, so that merging cannot lose the ends.
#pragma once

#include "mabs/centroid.hpp"
#include "mabs/centroid_runs.hpp"
#include "mabs/tdigest.hpp"

#include <span>
#include <vector>

namespace agent::mabs {

// Keeps its memory for the next time.
class DigestIntake {
  public:
    // A settled digest as a sorted run; valid while it is, and until the next call.
    CentroidRun run_of(const TDigest& digest);

  private:
    std::vector<Centroid> trimmed_;
};

} // namespace agent::mabs
