#include "journal/delta_entry.hpp"

#include "core/limits.hpp"
#include "journal/little_endian.hpp"

#include <cmath>
#include <cstring>

namespace agent::journal {

namespace {

enum Kind : std::uint8_t { define_kind = 1, counter_kind = 2, gauge_kind = 3, digest_kind = 4, resolution_kind = 5 };

constexpr std::uint8_t first_flag = 0x80;
constexpr std::size_t most_head_bytes = 1 + 3 * max_varint_bytes;
constexpr std::uint64_t max_weight = std::uint64_t{1} << 53; // exact in a double
constexpr std::uint64_t max_bytes_of_text = core::limits::max_line_bytes;

template <typename... T>
std::byte* write(std::byte* to, T... values) {
    ((store(to, values), to += sizeof(T)), ...);
    return to;
}

} // namespace

// Room for `most` more; what is not used is taken back with shrink_to().
std::byte* DeltaEncoder::grow(std::size_t most) {
    const auto size = payload_.size();
    if (size + most > payload_.capacity()) {
        payload_.reserve(2 * (size + most));
    }
    payload_.resize(size + most);
    return payload_.data() + size;
}

void DeltaEncoder::shrink_to(const std::byte* end) {
    payload_.resize(static_cast<std::size_t>(end - payload_.data()));
}

void DeltaEncoder::begin_frame(std::int64_t base_ms) {
    base_ms_ = base_ms;
    shrink_to(write(grow(sizeof base_ms), base_ms));
}

void DeltaEncoder::define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                          std::string_view tail) {
    auto* to = grow(3 + 3 * max_varint_bytes + metric.size() + tail.size());
    to = write_varint(write(to, static_cast<std::uint8_t>(define_kind)), series_id);
    to = write(to, static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(is_by_node));
    to = write_varint(write_varint(to, metric.size()), tail.size());
    std::memcpy(to, metric.data(), metric.size());
    std::memcpy(to + metric.size(), tail.data(), tail.size());
    shrink_to(to + metric.size() + tail.size());
}

std::byte* DeltaEncoder::write_head(std::byte* to, std::uint8_t kind, const BucketHead& head) const {
    *to = static_cast<std::byte>(kind | (head.is_first ? first_flag : 0));
    to = write_varint(to + 1, head.series_id);
    to = write_varint(to, zigzag(head.start_ms - base_ms_));
    return write_varint(to, head.lines);
}

void DeltaEncoder::counter(const BucketHead& head, std::int64_t value) {
    auto* const to = write_head(grow(most_head_bytes + max_varint_bytes), counter_kind, head);
    shrink_to(write_varint(to, zigzag(value)));
}

void DeltaEncoder::gauge(const BucketHead& head, const GaugeDelta& gauge) {
    auto* to = write_head(grow(most_head_bytes + max_varint_bytes + 4 * sizeof(double)), gauge_kind, head);
    to = write_varint(to, zigzag(gauge.last_ts_ms - head.start_ms));
    shrink_to(write(to, gauge.last, gauge.min, gauge.max, gauge.sum));
}

void DeltaEncoder::digest(const BucketHead& head, const DigestDelta& digest) {
    constexpr auto most_centroid_bytes = sizeof(double) + max_varint_bytes;
    auto* to = grow(most_head_bytes + 5 * sizeof(double) + 3 * max_varint_bytes +
                    digest.centroids.size() * most_centroid_bytes);
    const auto& facts = digest.facts;
    to = write(write_head(to, digest_kind, head), facts.compression, facts.weight, facts.min, facts.max, facts.sum);
    to = write_varint(write_varint(write_varint(to, digest.kept), digest.settled), digest.centroids.size());
    for (const auto& centroid : digest.centroids) {
        to = write_varint(write(to, centroid.mean), static_cast<std::uint64_t>(centroid.weight));
    }
    shrink_to(to);
}

void DeltaEncoder::resolution(std::int64_t resolution_ms) {
    auto* const to = write(grow(1 + max_varint_bytes), static_cast<std::uint8_t>(resolution_kind));
    shrink_to(write_varint(to, static_cast<std::uint64_t>(resolution_ms)));
}

namespace {

class EntryReader {
  public:
    EntryReader(std::span<const std::byte> payload, DeltaReader& reader) : bytes_(payload), reader_(reader) {}

    bool read_all() {
        if (!bytes_.read(base_ms_)) {
            return false;
        }
        while (!bytes_.empty()) {
            if (!read_one()) {
                return false;
            }
        }
        return true;
    }

  private:
    bool read_one() {
        std::uint8_t kind = 0;
        bytes_.read(kind);
        head_.is_first = (kind & first_flag) != 0;
        switch (kind & ~first_flag) {
        case define_kind: return read_definition();
        case counter_kind: return read_head() && read_counter();
        case gauge_kind: return read_head() && read_gauge();
        case digest_kind: return read_head() && read_digest();
        case resolution_kind: return read_resolution();
        default: return false;
        }
    }

    bool read_head() {
        std::int64_t start = 0;
        std::uint64_t lines = 0;
        if (!bytes_.read_varint(head_.series_id) || !bytes_.read_signed(start) || !bytes_.read_varint(lines) ||
            lines == 0 || lines > UINT32_MAX || __builtin_add_overflow(start, base_ms_, &head_.start_ms)) {
            return false;
        }
        head_.lines = static_cast<std::uint32_t>(lines);
        return true;
    }

    bool read_definition() {
        std::uint64_t id = 0;
        std::uint8_t type = 0;
        std::uint8_t is_by_node = 0;
        std::uint64_t metric_bytes = 0;
        std::uint64_t tail_bytes = 0;
        std::string_view metric;
        std::string_view tail;
        if (!bytes_.read_varint(id) || !bytes_.read(type) || !bytes_.read(is_by_node) ||
            !bytes_.read_varint(metric_bytes) || !bytes_.read_varint(tail_bytes) || metric_bytes > max_bytes_of_text ||
            tail_bytes > max_bytes_of_text || !bytes_.read_text(metric_bytes, metric) ||
            !bytes_.read_text(tail_bytes, tail) || type > static_cast<std::uint8_t>(core::SeriesType::histogram) ||
            id == 0) {
            return false;
        }
        reader_.target().define(id, static_cast<core::SeriesType>(type), is_by_node != 0, metric, tail);
        return true;
    }

    bool read_counter() {
        std::int64_t value = 0;
        if (!bytes_.read_signed(value)) {
            return false;
        }
        if (reader_.wants(head_)) {
            reader_.target().counter(head_, value);
        }
        return true;
    }

    bool read_gauge() {
        GaugeDelta gauge;
        std::int64_t offset = 0;
        if (!bytes_.read_signed(offset) || !bytes_.read(gauge.last) || !bytes_.read(gauge.min) ||
            !bytes_.read(gauge.max) || !bytes_.read(gauge.sum) ||
            __builtin_add_overflow(head_.start_ms, offset, &gauge.last_ts_ms)) {
            return false;
        }
        if (reader_.wants(head_)) {
            reader_.target().gauge(head_, gauge);
        }
        return true;
    }

    bool read_digest() {
        DigestDelta delta;
        auto& facts = delta.facts;
        std::uint64_t kept = 0;
        std::uint64_t settled = 0;
        std::uint64_t count = 0;
        if (!bytes_.read(facts.compression) || !bytes_.read(facts.weight) || !bytes_.read(facts.min) ||
            !bytes_.read(facts.max) || !bytes_.read(facts.sum) || !bytes_.read_varint(kept) ||
            !bytes_.read_varint(settled) || !bytes_.read_varint(count) || count > bytes_.size() || kept > UINT32_MAX ||
            settled > kept + count) {
            return false;
        }
        centroids_.resize(count);
        for (auto& centroid : centroids_) {
            std::uint64_t weight = 0;
            if (!bytes_.read(centroid.mean) || !bytes_.read_varint(weight) || !std::isfinite(centroid.mean) ||
                weight == 0 || weight > max_weight) {
                return false;
            }
            centroid.weight = static_cast<double>(weight);
        }
        delta.kept = kept;
        delta.settled = settled;
        delta.centroids = centroids_;
        if (reader_.wants(head_)) {
            reader_.target().digest(head_, delta);
        }
        return true;
    }

    bool read_resolution() {
        std::uint64_t resolution_ms = 0;
        if (!bytes_.read_varint(resolution_ms) || resolution_ms == 0 || resolution_ms > INT64_MAX) {
            return false;
        }
        reader_.resolution(static_cast<std::int64_t>(resolution_ms));
        return true;
    }

    ByteReader bytes_;
    DeltaReader& reader_;
    std::int64_t base_ms_ = 0;
    BucketHead head_;
    std::vector<mabs::Centroid> centroids_;
};

} // namespace

bool read_deltas(std::span<const std::byte> payload, DeltaReader& reader) {
    return EntryReader(payload, reader).read_all();
}

} // namespace agent::journal
