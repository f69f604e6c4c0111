// Writing digests that the Java library (com.tdunning:t-digest 3.2 and 3.3) reads with MergingDigest.fromBytes.
// All want a settled digest (DigestMerger::settle). Pure; any thread.
#pragma once

#include "mabs/digest_layout.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <string>

namespace agent::mabs {

// Layout merging_verbose: exact. Gives the size in bytes and writes that many.
[[nodiscard]] std::size_t verbose_size(const TDigest& digest);
void encode_verbose(const TDigest& digest, std::byte* out);

// Layout merging_small: half the size, means and compression as floats. It cannot carry everything: a weight that is no
// float would change the count, a mean beyond the largest float would become infinite, a compression above some 3,200
// needs capacities beyond a short. can_encode_small() tells.
[[nodiscard]] bool can_encode_small(const TDigest& digest);
[[nodiscard]] std::size_t small_size(const TDigest& digest);
void encode_small(const TDigest& digest, std::byte* out);

// Appends Base64 of the verbose layout.
void append_verbose_base64(const TDigest& digest, std::string& out);

// Appends Base64 of the small layout where it can carry the digest, else of the verbose one, and tells which.
DigestLayout append_small_base64(const TDigest& digest, std::string& out);

} // namespace agent::mabs
