// `metrics-agent digest merge`: Base64 t-digests, one a line -> one line of Base64, all of them merged.
#pragma once

#include <istream>
#include <ostream>

namespace agent::app {

struct DigestMergeOptions {
    double compression = 0; // 0: the largest of the inputs', but 10 to 1000
};

// Empty lines are skipped; nothing at all makes an empty digest. The layout is merging-verbose. Where a line is bad, or
// the weights pass 2^53, `err` names the first such line and `out` gets nothing. Returns the exit code.
int merge_digests(std::istream& in, std::ostream& out, std::ostream& err, const DigestMergeOptions& options);

} // namespace agent::app
