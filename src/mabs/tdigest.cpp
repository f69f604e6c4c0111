#include "mabs/tdigest.hpp"

#include <algorithm>
#include <utility>

namespace agent::mabs {

namespace {

// Room for the first samples of a series that is fed one by one.
constexpr std::size_t first_capacity = 8;

} // namespace

TDigest::TDigest(const TDigest& other) : facts_(other.facts_) {
    std::ranges::copy(other.centroids(), overwrite(other.size_).begin());
    settled_ = other.settled_;
}

TDigest::TDigest(TDigest&& other) noexcept
    : facts_(other.facts_),
      array_(std::move(other.array_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      settled_(std::exchange(other.settled_, 0)) {
    other.facts_ = Facts{.compression = facts_.compression};
}

TDigest& TDigest::operator=(const TDigest& other) {
    if (this == &other) return *this;
    facts_ = other.facts_;
    std::ranges::copy(other.centroids(), overwrite(other.size_).begin());
    settled_ = other.settled_;
    return *this;
}

TDigest& TDigest::operator=(TDigest&& other) noexcept {
    if (this == &other) return *this;
    facts_ = std::exchange(other.facts_, Facts{.compression = other.facts_.compression});
    array_ = std::move(other.array_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    settled_ = std::exchange(other.settled_, 0);
    return *this;
}

void TDigest::clear() noexcept {
    facts_ = Facts{.compression = facts_.compression};
    size_ = settled_ = 0;
}

void TDigest::release() noexcept {
    clear();
    array_.reset();
    capacity_ = 0;
}

std::span<Centroid> TDigest::overwrite(std::size_t count, std::size_t room) {
    if (count > capacity_) grow(std::max(count, room), 0);
    size_ = settled_ = static_cast<std::uint32_t>(count);
    return {array_.get(), count};
}

std::span<Centroid> TDigest::append(std::size_t count, std::size_t most) {
    const std::size_t needed = size_ + count;
    if (needed > capacity_) {
        const std::size_t step = capacity_ == 0 ? first_capacity : std::size_t{capacity_} * 2;
        grow(std::max(needed, std::min(step, most)), size_);
    }
    const std::span<Centroid> room{array_.get() + size_, count};
    size_ = static_cast<std::uint32_t>(needed);
    return room;
}

void TDigest::grow(std::size_t capacity, std::size_t keep) {
    auto larger = std::make_unique_for_overwrite<Centroid[]>(capacity); // NOLINT(*-avoid-c-arrays)
    std::copy_n(array_.get(), keep, larger.get());
    array_ = std::move(larger);
    capacity_ = static_cast<std::uint32_t>(capacity);
}

} // namespace agent::mabs
