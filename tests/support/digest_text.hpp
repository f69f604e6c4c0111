// Digests as clients send them, made from samples or of one heavy centroid.
#pragma once

#include "mabs/digest_encode.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/tdigest.hpp"

#include <string>
#include <utility>
#include <vector>

namespace agent::test {

inline std::string encoded(mabs::TDigest digest) {
    mabs::DigestMerger merger;
    merger.settle(digest);
    std::string text;
    mabs::append_verbose_base64(digest, text);
    return text;
}

inline std::string digest_text(const std::vector<double>& samples) {
    mabs::DigestMerger merger;
    mabs::TDigest digest(mabs::default_compression);
    for (const double sample : samples) {
        merger.add(digest, sample);
    }
    return encoded(std::move(digest));
}

// `weight` samples of the same value.
inline std::string heavy_digest_text(double value, double weight) {
    mabs::TDigest digest(mabs::default_compression);
    digest.overwrite(1)[0] = {value, weight};
    digest.set_facts({mabs::default_compression, weight, value, value, value * weight});
    return encoded(std::move(digest));
}

} // namespace agent::test
