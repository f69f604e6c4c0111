// `metrics-agent digest encode`: one number a line -> one line of Base64, the t-digest of them all.
#pragma once

#include "mabs/tdigest.hpp"

#include <istream>
#include <ostream>

namespace agent::app {

struct DigestEncodeOptions {
    double compression = mabs::default_compression;
    bool small = false; // half the size, means as floats; verbose where that cannot carry the digest, which `err` tells
};

// Numbers are those of the line protocol (mabs/number.hpp); empty lines are skipped. Where one is bad, `err` names the
// first and its line and `out` gets nothing. Returns the exit code.
int encode_digest(std::istream& in, std::ostream& out, std::ostream& err, const DigestEncodeOptions& options);

} // namespace agent::app
