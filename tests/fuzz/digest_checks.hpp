// What must hold of digests, for the fuzzers that have some. Each ends the process where something does not hold.
#pragma once

#include "mabs/tdigest.hpp"

namespace agent::fuzz {

// Of every digest: weights are whole and their sum is exact, min and max are in order, the settled run is sorted.
// `slack` is by how much means may lie outside [min, max], 0 but for what has only been decoded.
void check_digest(const mabs::TDigest& digest, double slack);

// Of one that came from a merger and is settled: also that it is within its size bound.
void check_settled(const mabs::TDigest& digest);

// Of the same: quantiles and shares grow and stay within their ends. Costs many walks over it.
void check_answers(const mabs::TDigest& digest);

// Of the same: what is written can be read, and says the same as far as the layout can say it.
void check_written(const mabs::TDigest& digest);

// To the last bit, as both came about in the same way.
bool is_same(const mabs::TDigest& a, const mabs::TDigest& b);

} // namespace agent::fuzz
