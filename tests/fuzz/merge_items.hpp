// What a fuzzer's input says is to be merged.
#pragma once

#include "mabs/tdigest.hpp"

#include <string_view>
#include <vector>

namespace agent::fuzz {

// A sample is a digest of one centroid here, and added as a sample.
struct MergeItem {
    bool is_sample = false;
    mabs::TDigest digest;
};

// At most 200, which can be merged in any order: weights and sums of all stay exact and finite. Digests come as bytes
// to be decoded, as lists of any centroids, or in the shape that digests of real data have; samples one by one or many.
std::vector<MergeItem> merge_items_of(std::string_view input);

} // namespace agent::fuzz
