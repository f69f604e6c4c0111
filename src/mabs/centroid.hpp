// One centroid of a t-digest: `weight` samples whose average is `mean`.
#pragma once

namespace agent::mabs {

// Left uninitialised by default, so that room for thousands costs nothing to make.
struct Centroid {
    double mean;   // finite
    double weight; // a whole number from 1 to 2^53: exact in a double

    bool operator==(const Centroid&) const = default;
};

static_assert(sizeof(Centroid) == 16, "a series of 100 centroids is budgeted at 1.6 KB");

} // namespace agent::mabs
