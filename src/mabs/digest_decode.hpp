// Reading the digests that clients send, in every layout of digest_layout.hpp.
//
// The layouts do not name themselves: a code tells verbose from small, and the rest follows from which layout the bytes
// fit. Each candidate goes through the whole validation; one that fits to the last byte wins, else one with only zero
// bytes left over (some clients send their whole buffer). Rejected are: counts below 0 or beyond the bytes; a
// compression that is not finite or not within (0, 10^6]; weights that are not whole numbers from 1, or 2^53 together;
// means that are not finite, or out of order or outside [min, max] by more than the layout's own rounding; min or max
// that are not finite, or the wrong way round; bytes behind the digest that are not zero. Min and max of an empty
// digest are ignored, and so are the capacities that Merging writes.
//
// A decoded digest keeps the means as sent: they may leave [min, max] by rounding, as the Java library's do. Only those
// that rounding put out of order are raised to the one before them. Layouts without min and max get the first and the
// last mean.
//
// Pure; any thread. Nothing is read outside `bytes`, nothing allocated for a count that the bytes do not bear out, and
// nothing at all where `into` has held as many centroids before.
#pragma once

#include "mabs/digest_error.hpp"
#include "mabs/digest_layout.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::mabs {

// Tells the layout that was found. After an error `into` holds nothing of use.
[[nodiscard]] boost::system::result<DigestLayout, DigestError> decode_digest(std::span<const std::byte> bytes,
                                                                             TDigest& into);

// The same from Base64 (base64.hpp); `scratch` takes the bytes and keeps its memory.
[[nodiscard]] boost::system::result<DigestLayout, DigestError> decode_digest_text(std::string_view text,
                                                                                  std::vector<std::byte>& scratch,
                                                                                  TDigest& into);

} // namespace agent::mabs
