// A t-digest: what is kept of many samples so that their quantiles can still be told.
//
// What holds for every TDigest that somebody is handed:
// - Weights are whole numbers and weight() is their exact sum, at most 2^53.
// - centroids() is the settled run, sorted by mean, and after it centroids that came later and wait to be merged in.
//   Only when is_settled() is it one sorted run; quantiles, cdf and encoders want that (DigestMerger::settle).
// - An empty one has min +infinity, max -infinity, weight 0.
// - Freshly decoded means may leave [min, max] by the rounding of their layout; merging puts them right.
//
// The memory is one header of 64 bytes and one array, so that 100,000 series of 100 centroids stay below 2 KB each.
// Not safe to share between threads without a lock, as any value.
#pragma once

#include "mabs/centroid.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

namespace agent::mabs {

// What the Java library takes by default.
inline constexpr double default_compression = 100;

class TDigest {
  public:
    // All but the centroids.
    struct Facts {
        double compression = default_compression;
        double weight = 0;
        double min = std::numeric_limits<double>::infinity();
        double max = -std::numeric_limits<double>::infinity();
        double sum = 0; // of weight * mean in the order they came; not finite if that overflows
    };

    TDigest() noexcept = default;
    explicit TDigest(double compression) noexcept { facts_.compression = compression; }
    TDigest(const TDigest& other);
    TDigest(TDigest&& other) noexcept;
    TDigest& operator=(const TDigest& other);
    TDigest& operator=(TDigest&& other) noexcept;
    ~TDigest() = default;

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] double compression() const noexcept { return facts_.compression; }
    [[nodiscard]] double weight() const noexcept { return facts_.weight; }
    [[nodiscard]] double min() const noexcept { return facts_.min; }
    [[nodiscard]] double max() const noexcept { return facts_.max; }
    [[nodiscard]] double sum() const noexcept { return facts_.sum; }
    [[nodiscard]] const Facts& facts() const noexcept { return facts_; }

    [[nodiscard]] std::span<const Centroid> centroids() const noexcept { return {array_.get(), size_}; }
    [[nodiscard]] std::span<const Centroid> settled() const noexcept { return {array_.get(), settled_}; }
    [[nodiscard]] std::span<const Centroid> pending() const noexcept { return centroids().subspan(settled_); }
    [[nodiscard]] bool is_settled() const noexcept { return settled_ == size_; }

    // Of the array; the header is sizeof(TDigest).
    [[nodiscard]] std::size_t heap_bytes() const noexcept { return std::size_t{capacity_} * sizeof(Centroid); }

    // Empty again, same compression, the array kept for what comes next.
    void clear() noexcept;
    // Empty again, same compression, the array given back.
    void release() noexcept;

    // For those who make digests: decoders and the merger. The caller keeps what is promised above.
    // Forgets the centroids and gives room for `count`, to be filled; all of them count as settled. Where the array is
    // too small the new one has room for `room`, at least `count`. What is in the array is kept if it is large enough.
    std::span<Centroid> overwrite(std::size_t count) { return overwrite(count, count); }
    std::span<Centroid> overwrite(std::size_t count, std::size_t room);
    // Room for `count` more behind those there are, to be filled; they count as pending.
    // Grows in steps, but not past `most` unless it has to.
    std::span<Centroid> append(std::size_t count, std::size_t most);
    void set_facts(const Facts& facts) noexcept { facts_ = facts; }
    // To sort what overwrite() gave.
    [[nodiscard]] std::span<Centroid> mutable_centroids() noexcept { return {array_.get(), size_}; }

  private:
    void grow(std::size_t capacity, std::size_t keep);

    Facts facts_;
    std::unique_ptr<Centroid[]> array_; // NOLINT(*-avoid-c-arrays): a vector would need 16 bytes more
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
    std::uint32_t settled_ = 0;
};

static_assert(sizeof(TDigest) == 64, "one cache line");

} // namespace agent::mabs
