// Spreading centroids out before they are folded with others.
//
// Digests of one size have their centroids at the same quantiles. Folded as points, a hundred of them make a staircase,
// and a quantile between two steps is off by up to a step; and where a centroid stands next to a border of the fold,
// the whole of it goes to one side. So a wide centroid becomes a few lighter ones for the time of the fold, as if its
// samples lay across its own part of the gaps to its neighbours, denser on the side of the narrower gap. Weight and,
// but for rounding, mean stay what they are.
//
// - Of a digest that arrived, if its widest centroid holds more than one in the middle of the result may: those with
//   0.75 % of its weight or more become three, and, where the digest is a small part of the whole, others that are
//   heavier than a sample two.
// - Of the settled run, those with 2 % or more become three: else the middle, which is folded again and again, blurs.
//
// docs/accuracy.md has what comes out, beside the Java library, which merges points.
#pragma once

#include "mabs/centroid.hpp"
#include "mabs/centroid_runs.hpp"

#include <cstddef>
#include <vector>

namespace agent::mabs {

// Keeps its memory for the next time. Runs that were given out are valid until start().
class CentroidSpreader {
  public:
    // Makes room for runs of so many centroids together. `total` is the weight of all that will be folded into one, and
    // `fine_share` the share of it that a centroid in the middle may hold then.
    void start(std::size_t most_centroids, double total, double fine_share);

    // Sorted, as the run is; the run itself where nothing is to be spread.
    CentroidRun arrived(CentroidRun run);
    CentroidRun settled(CentroidRun run);

  private:
    // From which weights on a centroid becomes three, and two.
    struct Rule {
        double three_from;
        double two_from;
    };

    CentroidRun spread(CentroidRun run, const Rule& rule);

    double total_ = 0;
    double fine_share_ = 0;
    std::size_t used_ = 0;
    std::vector<Centroid> parts_;
};

} // namespace agent::mabs
