// Whether what a reader found in some bytes can be a digest; digest_decode.hpp says what is asked. Pure; any thread.
#pragma once

#include "mabs/digest_error.hpp"
#include "mabs/digest_layout.hpp"
#include "mabs/digest_readers.hpp"
#include "mabs/tdigest.hpp"

namespace agent::mabs {

// Gives `digest`, which holds the centroids in the order of the bytes, its facts and puts its means in order; or tells
// the fault.
DigestError validate_digest(DigestLayout layout, const DigestClaim& claim, TDigest& digest);

} // namespace agent::mabs
