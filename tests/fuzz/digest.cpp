// Reading digests, in all layouts.
//
// Input: the bytes of a digest. Required is that an error explains itself in short text, and that a digest which is
// read
// - has whole weights that add up, means in order, within [min, max] but for the rounding of its layout;
// - is read the same into a digest that held another one;
// - once merged into an empty one: keeps its weight, min and max, fits its size bound, has quantiles and shares that
//   grow, and is read back from what is written of it.
#include "fuzz/digest_checks.hpp"
#include "fuzz/fuzzer.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace agent::fuzz {
namespace {

using mabs::TDigest;

constexpr std::size_t max_message_bytes = 160;

// More than any layout's rounding takes.
double slack_of(const TDigest& digest) {
    const double steps = std::ldexp(std::abs(digest.min()), -22) + std::ldexp(std::abs(digest.max()), -22);
    return steps + static_cast<double>(digest.centroids().size()) * 0x1p-149;
}

void check_error(const mabs::DigestError& error) {
    require(!error.ok() && error.reason() == core::RejectReason::bad_digest, "the error is that of a digest");
    const std::string message = error.message();
    require(!message.empty() && message.size() <= max_message_bytes && !mabs::find_bad_character(message),
            "messages are short and valid text");
}

TDigest of_other_content() {
    TDigest digest;
    mabs::DigestMerger merger;
    for (const double sample : {3.0, 1.0, 2.0}) {
        merger.add(digest, sample);
    }
    return digest;
}

void check(std::string_view input) {
    const ExactCopy copy(input);
    TDigest digest;
    const auto layout = mabs::decode_digest(copy.bytes(), digest);
    TDigest other = of_other_content();
    const auto again = mabs::decode_digest(copy.bytes(), other);
    require(layout.has_value() == again.has_value(), "what the digest held before does not matter");
    if (!layout) {
        return check_error(layout.error());
    }
    require(*layout == *again && is_same(digest, other), "what the digest held before does not matter");
    require(digest.is_settled(), "nothing is pending");
    check_digest(digest, slack_of(digest));

    mabs::DigestMerger merger;
    TDigest merged;
    merger.merge(merged, digest);
    check_digest(merged, 0);
    merger.settle(merged);
    require(merged.weight() == digest.weight() && merged.min() == digest.min() && merged.max() == digest.max(),
            "weight, min and max are kept");
    check_settled(merged);
    check_answers(merged);
    check_written(merged);
}

} // namespace
} // namespace agent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    agent::fuzz::check(agent::fuzz::text_of(data, size));
    return 0;
}
