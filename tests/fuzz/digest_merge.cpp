// Merging digests and samples.
//
// Input: a list of things to merge, see merge_items.hpp. They are merged one by one, from the last to the first, as a
// tree, and one by one again with the merger that did the last two. Required is of each way that weight, min and max
// are exact after every step and that the digest is well formed and within its bounds; that it gives sound answers and
// can be written once it is settled; and that the first and the last way give the same to the last bit: a merger keeps
// nothing but memory.
#include "fuzz/digest_checks.hpp"
#include "fuzz/fuzzer.hpp"
#include "fuzz/merge_items.hpp"
#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace agent::fuzz {
namespace {

using mabs::Centroid;
using mabs::DigestMerger;
using mabs::TDigest;

// A settled run of 2 c + 10 and what waits behind it, for which there is less room than this.
std::size_t most_held(const TDigest& digest) {
    return static_cast<std::size_t>(3.5 * std::ceil(digest.compression())) + 10;
}

// Merges and looks at what came of it.
class Pot {
  public:
    explicit Pot(DigestMerger& merger) : merger_(merger) {}

    void put(const MergeItem& item) {
        if (item.is_sample) {
            const double sample = item.digest.centroids().front().mean;
            require(mabs::fits(digest_, sample), "it fits");
            const double compression = digest_.empty() ? mabs::default_compression : digest_.compression();
            merger_.add(digest_, sample);
            require(digest_.compression() == compression, "a sample does not change the compression");
            check(item.digest);
        } else {
            put(item.digest);
        }
    }

    void put(const TDigest& digest) {
        require(mabs::fits(digest_, digest), "it fits");
        const double least = digest_.empty() ? 0 : digest_.compression();
        merger_.merge(digest_, digest);
        require(digest_.empty() || digest_.compression() >= least, "the larger compression holds");
        require(digest_.empty() || digest_.compression() <= core::limits::max_series_compression,
                "compressions are bounded");
        check(digest);
    }

    const TDigest& settled() {
        merger_.settle(digest_);
        require(digest_.weight() == weight_ && (digest_.empty() || (digest_.min() == min_ && digest_.max() == max_)),
                "weight, min and max are exact");
        check_settled(digest_);
        return digest_;
    }

  private:
    void check(const TDigest& added) {
        weight_ += added.weight();
        min_ = std::min(min_, added.min());
        max_ = std::max(max_, added.max());
        require(digest_.weight() == weight_, "the weight is exact");
        require(digest_.min() == min_ && digest_.max() == max_, "min and max are exact");
        require(digest_.centroids().size() <= most_held(digest_), "what is held is bounded");
        require(digest_.heap_bytes() <= most_held(digest_) * sizeof(Centroid) * 9 / 8 + 128, "memory is bounded");
        if (++steps_ % 16 == 0) { // a walk over all
            check_digest(digest_, 0);
        }
    }

    DigestMerger& merger_;
    TDigest digest_;
    std::size_t steps_ = 0;
    double weight_ = 0;
    double min_ = std::numeric_limits<double>::infinity();
    double max_ = -std::numeric_limits<double>::infinity();
};

TDigest merged_in_order(const std::vector<MergeItem>& items, DigestMerger& merger, std::size_t settle_every) {
    Pot pot(merger);
    for (std::size_t i = 0; i < items.size(); ++i) {
        pot.put(items[i]);
        if ((i + 1) % settle_every == 0) {
            (void)pot.settled();
        }
    }
    return pot.settled();
}

TDigest merged_backwards(const std::vector<MergeItem>& items, DigestMerger& merger) {
    Pot pot(merger);
    for (std::size_t i = items.size(); i > 0; --i) {
        pot.put(items[i - 1]);
    }
    return pot.settled();
}

TDigest merged_as_tree(std::span<const MergeItem> items, DigestMerger& merger) {
    Pot pot(merger);
    if (items.size() <= 4) {
        for (const MergeItem& item : items) {
            pot.put(item);
        }
    } else {
        const std::size_t half = items.size() / 3; // uneven on purpose
        pot.put(merged_as_tree(items.first(half), merger));
        pot.put(merged_as_tree(items.subspan(half), merger));
    }
    return pot.settled();
}

void require_same_facts(const TDigest& a, const TDigest& b) {
    require(a.weight() == b.weight() && a.min() == b.min() && a.max() == b.max(),
            "order and grouping do not change weight, min and max");
}

void check(std::string_view input) {
    if (input.empty()) {
        return;
    }
    const std::size_t settle_every = static_cast<unsigned char>(input.front()) % 32 + 1;
    const std::vector<MergeItem> items = merge_items_of(input.substr(1));
    DigestMerger fresh;
    const TDigest in_order = merged_in_order(items, fresh, settle_every);
    check_answers(in_order);
    check_written(in_order);
    DigestMerger merger;
    require_same_facts(merged_backwards(items, merger), in_order);
    require_same_facts(merged_as_tree(items, merger), in_order);
    require(is_same(merged_in_order(items, merger, settle_every), in_order), "a merger that was used gives the same");
}

} // namespace
} // namespace agent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    agent::fuzz::check(agent::fuzz::text_of(data, size));
    return 0;
}
