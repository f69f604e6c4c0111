// Entries as they are written and read: to the last bit, and nothing but false from what is not whole.
#include "journal/delta_entry.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

// Everything as text, so that it can be compared.
class Listing final : public DeltaReader, private DeltaTarget {
  public:
    std::vector<std::string> entries;
    bool wants_all = true;

    DeltaTarget& target() override { return *this; }
    bool wants(const BucketHead&) override { return wants_all; }
    void resolution(std::int64_t resolution_ms) override { add("resolution", resolution_ms); }

  private:
    template <typename... T>
    void add(const std::string& kind, const T&... values) {
        entries.push_back(kind);
        ((entries.back() += " " + test_text(values)), ...);
    }
    static std::string test_text(const std::string& value) { return value; }
    static std::string test_text(double value) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        return "0x" + std::to_string(bits);
    }
    template <typename T>
        requires std::is_integral_v<T>
    static std::string test_text(T value) {
        return std::to_string(value);
    }
    static std::string test_text(const BucketHead& head) {
        return std::to_string(head.series_id) + "@" + std::to_string(head.start_ms) + "*" + std::to_string(head.lines) +
               (head.is_first ? "first" : "");
    }

    void define(std::uint64_t id, core::SeriesType type, bool is_by_node, std::string_view metric,
                std::string_view tail) override {
        add("define", id, static_cast<int>(type), is_by_node, std::string(metric), std::string(tail));
    }
    void counter(const BucketHead& head, std::int64_t value) override { add("counter", head, value); }
    void gauge(const BucketHead& head, const GaugeDelta& it) override {
        add("gauge", head, it.last, it.last_ts_ms, it.min, it.max, it.sum);
    }
    void digest(const BucketHead& head, const DigestDelta& it) override {
        const auto& facts = it.facts;
        add("digest", head, facts.compression, facts.weight, facts.min, facts.max, facts.sum, it.kept, it.settled);
        for (const auto& centroid : it.centroids) {
            add("centroid", centroid.mean, centroid.weight);
        }
    }
};

constexpr std::int64_t base_ms = 1'763'750'400'000;
constexpr auto most = std::numeric_limits<std::uint64_t>::max();

template <typename Write>
std::vector<std::byte> payload_of(const Write& write) {
    std::vector<std::byte> payload;
    DeltaEncoder encoder(payload);
    encoder.begin_frame(base_ms);
    write(encoder);
    return payload;
}

bool reads(std::span<const std::byte> payload) {
    Listing listing;
    return read_deltas(payload, listing);
}

void write_one_of_each(DeltaEncoder& encoder) {
    const std::vector<mabs::Centroid> centroids{{-0.0, 1}, {1e-300, 9007199254740992.0}};
    encoder.resolution(60'000);
    encoder.define(most, core::SeriesType::histogram, true, "mé", "a=1 b=2");
    encoder.define(1, core::SeriesType::counter, false, "m", "");
    encoder.counter({1, base_ms, 1, true}, std::numeric_limits<std::int64_t>::min());
    encoder.counter({most, base_ms - 86'400'000, UINT32_MAX, false}, std::numeric_limits<std::int64_t>::max());
    encoder.gauge({2, base_ms, 3, false}, {0.1, base_ms + 59'999, -1e308, 1e308, -0.0});
    encoder.digest({3, base_ms, 7, true}, {{100, 9007199254740992.0, -1, 2, 3.5}, 0, 1, centroids});
    encoder.digest({3, base_ms, 8, false}, {{100, 8, -1, 2, 3.5}, 5, 5, {}});
}

TEST_CASE("what was written is read") {
    const auto payload = payload_of(write_one_of_each);
    Listing listing;
    CHECK(read_deltas(payload, listing));
    REQUIRE(listing.entries.size() == 10);
    CHECK(listing.entries[0] == "resolution 60000");
    CHECK(listing.entries[1] == "define 18446744073709551615 2 1 mé a=1 b=2");
    CHECK(listing.entries[2] == "define 1 0 0 m ");
    CHECK(listing.entries[3] == "counter 1@1763750400000*1first -9223372036854775808");
    CHECK(listing.entries[4] == "counter 18446744073709551615@1763664000000*4294967295 9223372036854775807");
    CHECK(listing.entries[5].starts_with("gauge 2@1763750400000*3 0x4591870180066957722 1763750459999 "));
    CHECK(listing.entries[6].starts_with("digest 3@1763750400000*7first "));
    CHECK(listing.entries[7] == "centroid 0x9223372036854775808 0x4607182418800017408");
    CHECK(listing.entries[9].ends_with(" 5 5"));

    Listing unwanted;
    unwanted.wants_all = false;
    CHECK(read_deltas(payload, unwanted));
    CHECK(unwanted.entries.size() == 3); // definitions and the resolution all the same
}

TEST_CASE("an empty frame says nothing") {
    CHECK(reads(payload_of([](DeltaEncoder&) {})));
}

TEST_CASE("cut at any byte: what is before the cut is read, and never something else") {
    const auto payload = payload_of(write_one_of_each);
    Listing whole;
    read_deltas(payload, whole);
    for (std::size_t size = 0; size < payload.size(); ++size) {
        const std::vector<std::byte> cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
        Listing listing;
        const bool is_good = read_deltas(cut, listing);
        REQUIRE(listing.entries.size() <= whole.entries.size());
        REQUIRE(std::equal(listing.entries.begin(), listing.entries.end(), whole.entries.begin()));
        REQUIRE((!is_good || listing.entries.size() < whole.entries.size()));
    }
}

TEST_CASE("any byte wrong: it is read or not, but nothing breaks") {
    const auto payload = payload_of(write_one_of_each);
    for (std::size_t at = 0; at < payload.size(); ++at) {
        for (const int value : {0, 1, 0x7F, 0x80, 0xFF}) {
            auto wrong = payload;
            wrong[at] = static_cast<std::byte>(value);
            static_cast<void>(reads(wrong));
        }
    }
}

TEST_CASE("entries that are not as they should be") {
    const std::vector<mabs::Centroid> good{{1, 1}};
    const std::vector<mabs::Centroid> infinite{{std::numeric_limits<double>::infinity(), 1}};
    const std::vector<mabs::Centroid> weightless{{1, 0}};
    const std::vector<mabs::Centroid> heavy{{1, 9007199254740994.0}};
    const BucketHead head{1, base_ms, 1, false};
    const auto digest = [&](const std::vector<mabs::Centroid>& centroids, std::size_t kept = 0,
                            std::size_t settled = 0) {
        return reads(payload_of([&](DeltaEncoder& it) { it.digest(head, {{}, kept, settled, centroids}); }));
    };
    CHECK(digest(good, 0, 1));
    CHECK(digest(good, UINT32_MAX, 0));
    CHECK(!digest(good, std::size_t{1} << 32, 0));
    CHECK(!digest(good, 0, 2)); // more settled than there are
    CHECK(!digest(infinite));
    CHECK(!digest(weightless));
    CHECK(!digest(heavy));
    CHECK(!reads(payload_of([](DeltaEncoder& it) { it.counter({1, base_ms, 0, false}, 1); }))); // of no line
    CHECK(!reads(payload_of([](DeltaEncoder& it) { it.resolution(0); })));
    CHECK(!reads(payload_of([](DeltaEncoder& it) { it.resolution(-1); })));
    CHECK(!reads(payload_of([](DeltaEncoder& it) { it.define(0, core::SeriesType::gauge, false, "m", ""); })));
    CHECK(!reads(payload_of([](DeltaEncoder& it) { it.define(1, core::SeriesType::point, false, "m", ""); })));
    CHECK(!reads(payload_of([](DeltaEncoder& it) {
        it.define(1, core::SeriesType::gauge, false, std::string(core::limits::max_line_bytes + 1, 'm'), "");
    })));
    auto unknown = payload_of([](DeltaEncoder&) {});
    unknown.push_back(std::byte{6});
    CHECK(!reads(unknown));
}

} // namespace
} // namespace agent::journal
