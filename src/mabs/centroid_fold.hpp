// Folding a sorted run of centroids into fewer: the MergingDigest pass of the Java library 3.3 with scale K_2.
//
// With W the total weight, Z = 4 ln(W/d) + 24 and norm = d/Z, a centroid may take in its neighbour while its weight
// stays within W * min(max(q0), max(q2)), where max(q) = q (1 - q) / norm and q0, q2 are the shares of the weight at
// its two ends. The first and the last item stay alone, so exact ends stay exact. Source: Dunning, Ertl, "Computing
// extremely accurate quantiles using t-digests", 2019, and the library's behaviour.
//
// The library goes from left to right. This goes from the middle to both ends, a step here and a step there, which the
// processor does as one. Where one begins, centroids have their borders at the same place in every pass, which blurs
// them when a series is folded again and again: the middle, with its wide centroids, bears that better than a tail.
#pragma once

#include "mabs/centroid.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace agent::mabs {

// Keeps its memory for the next time.
class CentroidFolder {
  public:
    // Folds `run` and gives the result, valid until the next call. `total` is the exact sum of the weights, and so is
    // that of the result. `d` is the internal compression: twice the public one is what the library merges with. Means
    // stay sorted, and each between the first and the last mean it stands for.
    std::span<const Centroid> fold(std::span<const Centroid> run, double total, double d);

    // The share of the weight that a centroid in the middle may hold then.
    static double middle_share(double total, double d);

  private:
    // One centroid to be, on the way from the middle to an end of the run. 32 bytes, for the sake of their addresses.
    struct alignas(32) Group {
        double sum;       // of weight * mean
        double behind;    // weight between it and the end of the run
        double innermost; // mean of its first item
    };
    // How many groups there are on either way.
    struct Counts {
        std::size_t left;
        std::size_t right;
    };

    Counts group(std::span<const Centroid> run, double total, double share, double scale);

    // Where the way begins; then groups; then what stands behind the last of them.
    std::vector<Group> left_;
    std::vector<Group> right_;
    std::vector<Centroid> folded_;
};

} // namespace agent::mabs
