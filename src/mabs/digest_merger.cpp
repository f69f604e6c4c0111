#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace agent::mabs {

namespace {

// Below this the Java library takes this instead.
constexpr double min_compression = 10;
// Large compressions are exact enough with less on top of the library's 2 c.
double internal_compression(double compression) {
    return std::min(3 * compression, 2 * compression + 100);
}

// So that two digests of some 1.25 c centroids, which is what DigestMerger itself makes of few samples, share a fold.
constexpr double pending_per_compression = 1.25;

// What a digest of the Java library with that compression has room for, too.
std::size_t most_settled(double compression) {
    return 2 * static_cast<std::size_t>(std::ceil(compression)) + 10;
}

} // namespace

bool fits(const TDigest& into, const TDigest& from) {
    if (into.empty()) return true;
    // Not by the sum of the weights: 2^53 + 1 rounds down to 2^53.
    return from.weight() <= max_digest_weight - into.weight() && std::isfinite(into.sum() + from.sum());
}

bool fits(const TDigest& into, double sample) {
    if (into.empty()) return true;
    return into.weight() < max_digest_weight && std::isfinite(into.sum() + sample);
}

double DigestMerger::merged_compression(const TDigest& into, double compression) const {
    if (options_.compression != 0) return options_.compression;
    const double largest = into.empty() ? compression : std::max(into.compression(), compression);
    return std::clamp(largest, min_compression, options_.max_compression);
}

std::size_t DigestMerger::most_held(double compression) const {
    const auto pending = static_cast<std::size_t>(std::ceil(pending_per_compression * compression));
    return most_settled(compression) + std::max(pending, options_.min_pending);
}

void DigestMerger::merge(TDigest& into, const TDigest& from) {
    if (from.empty()) return;
    const TDigest::Facts merged{
        .compression = merged_compression(into, from.compression()),
        .weight = into.weight() + from.weight(),
        .min = std::min(into.min(), from.min()),
        .max = std::max(into.max(), from.max()),
        .sum = into.sum() + from.sum(),
    };
    assert(merged.weight <= max_digest_weight);
    const bool is_first = into.empty();
    into.set_facts(merged);
    const CentroidRun incoming = intake_.run_of(from);
    const std::size_t most = most_held(merged.compression);
    if (into.centroids().size() + incoming.size() > most) return fold_in(into, incoming);
    std::ranges::copy(incoming,
                      is_first ? into.overwrite(incoming.size()).begin() : into.append(incoming.size(), most).begin());
}

void DigestMerger::add(TDigest& into, double sample) {
    const TDigest::Facts merged{
        .compression = merged_compression(into, into.empty() ? default_compression : into.compression()),
        .weight = into.weight() + 1,
        .min = std::min(into.min(), sample),
        .max = std::max(into.max(), sample),
        .sum = into.sum() + sample,
    };
    assert(merged.weight <= max_digest_weight);
    into.set_facts(merged);
    const std::size_t most = most_held(merged.compression);
    const Centroid single{sample, 1};
    if (into.centroids().size() + 1 > most) return fold_in(into, {&single, 1});
    into.append(1, most)[0] = single;
}

void DigestMerger::settle(TDigest& digest) {
    if (!digest.is_settled() || digest.centroids().size() > most_settled(digest.compression())) fold_in(digest, {});
}

void DigestMerger::fold_in(TDigest& into, CentroidRun incoming) {
    const double compression = into.compression();
    const bool must_fold = static_cast<double>(incoming.size() + into.centroids().size()) > compression;
    runs_.clear();
    // The small ones first, to be merged with one another before they meet the large one.
    runs_.add(incoming);
    runs_.add_mixed(into.mutable_centroids().subspan(into.settled().size()));
    runs_.add(must_fold ? spread_all(into, incoming.size()) : into.settled());
    CentroidRun run = runs_.merged();
    // A handful of passes at the most: the first fits but for odd weights at small compressions.
    for (double d = internal_compression(compression); must_fold; d /= 1.125) {
        const CentroidRun folded = folder_.fold(run, into.weight(), d);
        if (folded.size() <= most_settled(compression)) {
            run = folded;
            break;
        }
    }
    if (run.data() == into.centroids().data()) { // one run, only sorted: it is there already
        into.overwrite(run.size());
        return;
    }
    // A little room, because the size creeps up while the weight grows.
    std::ranges::copy(run, into.overwrite(run.size(), run.size() + run.size() / 8).begin());
}

// Spreads the runs that were added so far, and gives the settled one.
CentroidRun DigestMerger::spread_all(const TDigest& into, std::size_t incoming) {
    const double d = internal_compression(into.compression());
    spreader_.start(incoming + into.centroids().size(), into.weight(), CentroidFolder::middle_share(into.weight(), d));
    for (CentroidRun& run : runs_.runs())
        run = spreader_.arrived(run);
    return spreader_.settled(into.settled());
}

} // namespace agent::mabs
