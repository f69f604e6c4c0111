// What the commands tell of a digest as JSON, the same in `digest show --json` and `parse`.
#pragma once

#include "mabs/digest_layout.hpp"
#include "mabs/tdigest.hpp"

#include <string>

namespace agent::app {

// Appends the members of an object, without its braces:
//     "count":..,"min":..,"max":..,"sum":..,"layout":"merging-verbose","compression":..,"centroids":..
// Numbers are the shortest that parse back, integral ones integers; what is not finite is null.
void append_digest_facts(std::string& out, const mabs::TDigest& digest, mabs::DigestLayout layout);

} // namespace agent::app
