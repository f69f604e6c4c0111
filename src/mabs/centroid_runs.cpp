#include "mabs/centroid_runs.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>

namespace agent::mabs {

namespace {

// Stretches shorter than this are made as long by insertion: single samples come in no order at all.
constexpr std::size_t min_stretch = 16;

// Doubles in an order that integers have, too, and choose by more quickly. Means that are not negative have it as they
// are. The order of -0.0 and 0.0, which are equal, comes out one way or the other.
template <bool has_negative>
std::int64_t rank(const Centroid& centroid) {
    const auto bits = std::bit_cast<std::int64_t>(centroid.mean);
    if constexpr (!has_negative)
        return bits;
    else
        return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}

// All ones for yes, zero for no. Which run goes on is a coin toss that no predictor learns; a compiler that knows that
// this is a yes or a no makes branches of it all the same.
std::intptr_t mask_of(bool yes) {
    auto mask = -static_cast<std::intptr_t>(yes);
    asm("" : "+r"(mask));
    return mask;
}

const Centroid* moved(const Centroid* from, std::intptr_t bytes) {
    return reinterpret_cast<const Centroid*>(reinterpret_cast<std::uintptr_t>(from) +
                                             static_cast<std::uintptr_t>(bytes));
}

const Centroid* choose(std::intptr_t mask, const Centroid* yes, const Centroid* no) {
    return moved(no, mask & (reinterpret_cast<std::intptr_t>(yes) - reinterpret_cast<std::intptr_t>(no)));
}

// Merges from both ends at once, as two chains of comparisons that do not wait for one another. Half as many steps as
// the shorter rest has elements cannot use up either run from either side.
template <bool has_negative>
void merge_tossing(CentroidRun a, CentroidRun b, Centroid* out) noexcept {
    constexpr auto step = static_cast<std::intptr_t>(sizeof(Centroid));
    const Centroid* front_a = a.data();
    const Centroid* front_b = b.data();
    const Centroid* back_a = front_a + a.size() - 1;
    const Centroid* back_b = front_b + b.size() - 1;
    Centroid* front = out;
    Centroid* back = out + a.size() + b.size() - 1;
    while (true) {
        const auto rest = std::min(back_a - front_a, back_b - front_b) + 1;
        if (rest < 2) break;
        for (auto steps = rest / 2; steps > 0; --steps) {
            const std::intptr_t from_b = mask_of(rank<has_negative>(*front_b) < rank<has_negative>(*front_a));
            *front++ = *choose(from_b, front_b, front_a);
            front_b = moved(front_b, from_b & step);
            front_a = moved(front_a, ~from_b & step);
            const std::intptr_t from_a = mask_of(rank<has_negative>(*back_b) < rank<has_negative>(*back_a));
            *back-- = *choose(from_a, back_a, back_b);
            back_a = moved(back_a, from_a & -step);
            back_b = moved(back_b, ~from_a & -step);
        }
    }
    std::merge(front_a, back_a + 1, front_b, back_b + 1, front,
               [](const Centroid& x, const Centroid& y) { return rank<has_negative>(x) < rank<has_negative>(y); });
}

void insertion_sort(std::span<Centroid> part, std::size_t sorted) noexcept {
    for (std::size_t i = sorted; i < part.size(); ++i) {
        const Centroid moving = part[i];
        std::size_t hole = i;
        for (; hole > 0 && moving.mean < part[hole - 1].mean; --hole)
            part[hole] = part[hole - 1];
        part[hole] = moving;
    }
}

} // namespace

void merge_runs(CentroidRun a, CentroidRun b, Centroid* out) noexcept {
    if (a.empty() || b.empty() || !(b.front().mean < a.back().mean)) {
        std::ranges::copy(b, std::ranges::copy(a, out).out);
        return;
    }
    const bool has_negative = std::signbit(a.front().mean) || std::signbit(b.front().mean);
    if (has_negative)
        merge_tossing<true>(a, b, out);
    else
        merge_tossing<false>(a, b, out);
}

void sort_by_mean(std::span<Centroid> centroids) {
    if (std::ranges::is_sorted(centroids, {}, &Centroid::mean)) return;
    RunMerger runs;
    runs.add_mixed(centroids);
    const CentroidRun sorted = runs.merged();
    if (sorted.data() != centroids.data()) std::ranges::copy(sorted, centroids.begin());
}

void RunMerger::add(CentroidRun run) {
    if (!run.empty()) runs_.push_back(run);
}

void RunMerger::add_mixed(std::span<Centroid> mixed) {
    while (!mixed.empty()) {
        std::size_t length = 1;
        while (length < mixed.size() && !(mixed[length].mean < mixed[length - 1].mean))
            ++length;
        if (length < min_stretch && length < mixed.size()) {
            const std::size_t sorted = length;
            length = std::min(min_stretch, mixed.size());
            insertion_sort(mixed.first(length), sorted);
        }
        runs_.push_back(mixed.first(length));
        mixed = mixed.subspan(length);
    }
}

std::span<const Centroid> RunMerger::merged() {
    if (runs_.empty()) return {};
    std::size_t total = 0;
    for (const CentroidRun& run : runs_)
        total += run.size();
    ping_.resize(std::max(ping_.size(), total));
    pong_.resize(std::max(pong_.size(), total));
    bool into_ping = true;
    while (runs_.size() > 1) {
        merge_neighbours(into_ping ? ping_ : pong_);
        into_ping = !into_ping;
    }
    return runs_.front();
}

void RunMerger::merge_neighbours(std::vector<Centroid>& into) {
    Centroid* out = into.data();
    std::size_t kept = 0;
    for (std::size_t i = 0; i + 1 < runs_.size(); i += 2) {
        const CentroidRun a = runs_[i];
        const CentroidRun b = runs_[i + 1];
        merge_runs(a, b, out);
        runs_[kept++] = {out, a.size() + b.size()};
        out += a.size() + b.size();
    }
    if (runs_.size() % 2 != 0) {
        const CentroidRun last = runs_.back();
        runs_[kept++] = is_ours(last) ? CentroidRun{out, last.size()} : last;
        if (is_ours(last)) std::ranges::copy(last, out); // or the pass after this one would write over it
    }
    runs_.resize(kept);
}

bool RunMerger::is_ours(CentroidRun run) const {
    const auto is_in = [&](const std::vector<Centroid>& buffer) {
        return std::less_equal<>{}(buffer.data(), run.data()) &&
               std::less<>{}(run.data(), buffer.data() + buffer.size());
    };
    return is_in(ping_) || is_in(pong_);
}

} // namespace agent::mabs
