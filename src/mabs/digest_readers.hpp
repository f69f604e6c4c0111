// One reader for each layout of digest_layout.hpp: takes the fields where the layout has them and bounds the count by
// the bytes that there are. Whether the digest makes sense is validate_digest()'s to say. Pure; any thread.
#pragma once

#include "mabs/digest_error.hpp"
#include "mabs/digest_layout.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <span>

namespace agent::mabs {

using DigestBytes = std::span<const std::byte>;

// What a reader found besides the centroids, which it put into a digest in the order of the bytes.
struct DigestClaim {
    double compression = 0;
    double min = 0;
    double max = 0;
    bool has_ends = true; // whether the layout has min and max
    double slack = 0;     // by which the layout's rounding may take means out of order or out of [min, max]
    std::size_t used_bytes = 0;
};

// The digest's fault, or none.
using DigestReader = DigestError (*)(DigestBytes bytes, TDigest& into, DigestClaim& claim);

// In which order to try the layouts is for the caller to know.
DigestError read_merging_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_merging_small(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_merging_verbose_3_1(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_merging_small_3_1(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_avl_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_avl_small(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_tree_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_tree_small(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_array_verbose(DigestBytes bytes, TDigest& into, DigestClaim& claim);
DigestError read_array_small(DigestBytes bytes, TDigest& into, DigestClaim& claim);

} // namespace agent::mabs
