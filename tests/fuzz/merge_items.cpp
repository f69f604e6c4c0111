#include "fuzz/merge_items.hpp"

#include "core/limits.hpp"
#include "fuzz/fuzzer.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace agent::fuzz {

namespace {

using mabs::Centroid;
using mabs::TDigest;

constexpr std::size_t max_items = 200;
constexpr double largest_sum = 1e307; // of all, in any order: finite

// Bytes of the input as numbers; 0 where it has ended.
class Numbers {
  public:
    explicit Numbers(std::string_view input) : left_(input) {}

    bool at_end() const { return left_.empty(); }

    std::size_t byte() {
        if (left_.empty()) {
            return 0;
        }
        const auto value = static_cast<unsigned char>(left_.front());
        left_.remove_prefix(1);
        return value;
    }

    std::string_view bytes(std::size_t count) {
        const auto taken = left_.substr(0, count);
        left_.remove_prefix(taken.size());
        return taken;
    }

    // Small whole numbers, often equal; or any finite double.
    double value() {
        const std::size_t kind = byte();
        if (kind < 192) {
            return static_cast<double>(kind) - 96;
        }
        std::uint64_t bits = 0;
        for (int i = 0; i < 8; ++i) {
            bits = bits << 8 | byte();
        }
        const auto any = std::bit_cast<double>(bits);
        return std::isfinite(any) ? any : 0;
    }

    // Mostly 1 to 128, up to 2^48.
    double weight() {
        const std::size_t kind = byte();
        return kind < 128 ? static_cast<double>(kind + 1) : std::ldexp(1 + static_cast<double>(kind % 8), kind % 49);
    }

    double compression() {
        constexpr std::array<double, 8> common{100, 100, 10, 20, 50, 200, 1000, 0};
        const double chosen = common[byte() % common.size()];
        return chosen != 0 ? chosen : std::clamp(std::abs(value()), 1e-3, core::limits::max_claimed_compression);
    }

  private:
    std::string_view left_;
};

TDigest digest_of(std::vector<Centroid> centroids, double compression, double below, double above) {
    std::ranges::sort(centroids, {}, &Centroid::mean);
    TDigest digest;
    std::ranges::copy(centroids, digest.overwrite(centroids.size()).begin());
    TDigest::Facts facts{.compression = compression};
    if (!centroids.empty()) {
        // Ends that are no means are what real digests have.
        facts.min = std::max(centroids.front().mean - std::abs(below), -1e300);
        facts.max = std::min(centroids.back().mean + std::abs(above), 1e300);
        facts.min = std::min(facts.min, centroids.front().mean);
        facts.max = std::max(facts.max, centroids.back().mean);
    }
    for (const Centroid& c : centroids) {
        facts.weight += c.weight;
        facts.sum += c.weight * c.mean;
    }
    digest.set_facts(facts);
    return digest;
}

TDigest sample_of(double value) {
    return digest_of({{value, 1}}, mabs::default_compression, 0, 0);
}

class Items {
  public:
    explicit Items(std::string_view input) : numbers_(input) {
        while (!numbers_.at_end() && list.size() < max_items) {
            take();
        }
    }

    std::vector<MergeItem> list;

  private:
    void take() {
        switch (numbers_.byte() % 5) {
        case 0: return take_payload();
        case 1: return take_centroids();
        case 2: return put({true, sample_of(numbers_.value())});
        case 3: return take_many_samples();
        default: return take_many_centroids();
        }
    }

    // Only what can be merged with all the rest in any order: the caller of a merger makes sure of that by fits().
    void put(MergeItem item) {
        double sum = 0;
        for (const Centroid& c : item.digest.centroids()) {
            sum += std::abs(c.mean) * c.weight;
        }
        if (!(sum <= largest_sum - sum_) || item.digest.weight() > mabs::max_digest_weight - weight_) {
            return;
        }
        sum_ += sum;
        weight_ += item.digest.weight();
        list.push_back(std::move(item));
    }

    void take_payload() {
        const ExactCopy payload(numbers_.bytes(numbers_.byte() * 4));
        MergeItem item;
        if (mabs::decode_digest(payload.bytes(), item.digest)) {
            put(std::move(item));
        }
    }

    void take_centroids() {
        const double compression = numbers_.compression();
        std::vector<Centroid> centroids(numbers_.byte() % 64);
        for (Centroid& c : centroids) {
            c.mean = numbers_.value();
            c.weight = numbers_.weight();
        }
        const double below = numbers_.value();
        put({false, digest_of(std::move(centroids), compression, below, numbers_.value())});
    }

    void take_many_samples() {
        const std::size_t count = numbers_.byte();
        const double from = numbers_.value();
        const double step = numbers_.value();
        for (std::size_t i = 0; i < count && list.size() < max_items; ++i) {
            const double value = from + step * static_cast<double>(i % 16 * 16 + i / 16);
            put({true, sample_of(std::isfinite(value) ? value : 0)});
        }
    }

    // As digests of real data are: light at both ends, heavy in the middle.
    void take_many_centroids() {
        const double compression = numbers_.compression();
        const std::size_t half = numbers_.byte();
        const double power = static_cast<double>(numbers_.byte() % 5);
        const double from = numbers_.value();
        const double step = std::abs(numbers_.value());
        std::vector<Centroid> centroids;
        for (std::size_t i = 0; i < 2 * half; ++i) {
            const double rank = static_cast<double>(std::min(i, 2 * half - 1 - i));
            const double mean = from + step * static_cast<double>(i);
            centroids.push_back({std::isfinite(mean) ? mean : 0, std::floor(std::pow(rank, power)) + 1});
        }
        put({false, digest_of(std::move(centroids), compression, step, step)});
    }

    Numbers numbers_;
    double weight_ = 0;
    double sum_ = 0;
};

} // namespace

std::vector<MergeItem> merge_items_of(std::string_view input) {
    return Items(input).list;
}

} // namespace agent::fuzz
