#include "mabs/digest_decode.hpp"

#include "digest_data.hpp"
#include "mabs/big_endian.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace agent::mabs;
using namespace agent::mabs::test;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Puts a payload together field by field.
class Payload {
  public:
    Payload& int32(std::int64_t value) { return put<4>(static_cast<std::uint32_t>(value)); }
    Payload& int16(std::int64_t value) { return put<2>(static_cast<std::uint16_t>(value)); }
    Payload& real(double value) { return put<8>(std::bit_cast<std::uint64_t>(value)); }
    Payload& small_real(double value) { return put<4>(std::bit_cast<std::uint32_t>(static_cast<float>(value))); }
    Payload& byte(unsigned value) { return put<1>(value); }

    [[nodiscard]] boost::system::result<DigestLayout, DigestError> decode(TDigest& into) const {
        return decode_digest(bytes_, into);
    }
    // It must have one.
    [[nodiscard]] DigestLayout layout(TDigest& into) const {
        const auto found = decode(into);
        REQUIRE_MESSAGE(found.has_value(), (found ? std::string() : found.error().message()));
        return *found;
    }
    [[nodiscard]] std::string message() const {
        TDigest digest;
        const auto layout = decode(digest);
        return layout ? "taken as " + std::string(to_string(*layout)) : layout.error().message();
    }

  private:
    template <int count>
    Payload& put(std::uint64_t bits) {
        for (int i = count - 1; i >= 0; --i)
            bytes_.push_back(static_cast<std::byte>(bits >> (8 * i)));
        return *this;
    }

    std::vector<std::byte> bytes_;
};

struct Fields {
    double min = 1;
    double max = 9;
    double compression = 100;
    std::vector<Centroid> centroids{{1, 1}, {4, 6}, {9, 1}};
};

Payload verbose(const Fields& fields) {
    Payload payload;
    payload.int32(1).real(fields.min).real(fields.max).real(fields.compression);
    payload.int32(static_cast<std::int64_t>(fields.centroids.size()));
    for (const Centroid& c : fields.centroids)
        payload.real(c.weight).real(c.mean);
    return payload;
}

Payload avl_verbose(const Fields& fields) {
    Payload payload;
    payload.int32(1).real(fields.min).real(fields.max).real(fields.compression);
    payload.int32(static_cast<std::int64_t>(fields.centroids.size()));
    for (const Centroid& c : fields.centroids)
        payload.real(c.mean);
    for (const Centroid& c : fields.centroids)
        payload.int32(static_cast<std::int64_t>(c.weight));
    return payload;
}

TEST_CASE("decode: each fault has its message") {
    struct Wrong {
        Fields fields;
        std::string message;
    };
    const double two_53 = std::ldexp(1, 53);
    const std::vector<Wrong> table{
        {{.min = nan}, "min is nan"},
        {{.min = -infinity}, "min is -inf"},
        {{.max = nan}, "max is nan"},
        {{.max = infinity}, "max is inf"},
        {{.min = 10, .max = 9}, "min is above max, which is 9"},
        {{.compression = 0}, "compression 0 is not above 0 and at most 1000000"},
        {{.compression = -1}, "compression -1 is not above 0 and at most 1000000"},
        {{.compression = nan}, "compression nan is not above 0 and at most 1000000"},
        {{.compression = infinity}, "compression inf is not above 0 and at most 1000000"},
        {{.compression = 1e6 + 1}, "compression 1000001 is not above 0 and at most 1000000"},
        {{.centroids = {{1, nan}}}, "weight of centroid 0 is nan"},
        {{.centroids = {{1, 1}, {2, infinity}}}, "weight of centroid 1 is inf"},
        {{.centroids = {{1, 1}, {2, 0}}}, "weight of centroid 1 is 0"},
        {{.centroids = {{1, 1}, {2, -0.0}}}, "weight of centroid 1 is -0"},
        {{.centroids = {{1, 1}, {2, -3}}}, "weight of centroid 1 is -3"},
        {{.centroids = {{1, 1}, {2, 0.5}}}, "weight of centroid 1 is 0.5, not a whole number"},
        {{.centroids = {{1, 1}, {2, 1.5}}}, "weight of centroid 1 is 1.5, not a whole number"},
        {{.centroids = {{1, 1}, {2, 5e-324}}}, "weight of centroid 1 is 5e-324, not a whole number"},
        {{.centroids = {{1, 1}, {2, two_53}}}, "the weights pass 2^53 at centroid 1"},
        {{.centroids = {{1, two_53}, {2, 1}}}, "the weights pass 2^53 at centroid 1"}, // 2^53 + 1 rounds to 2^53
        {{.centroids = {{1, 2 * two_53}}}, "the weights pass 2^53 at centroid 0"},
        {{.centroids = {{nan, 1}}}, "mean of centroid 0 is nan"},
        {{.centroids = {{1, 1}, {infinity, 1}}}, "mean of centroid 1 is inf"},
        {{.centroids = {{-infinity, 1}}}, "mean of centroid 0 is -inf"},
        {{.centroids = {{0.999, 1}, {2, 1}}}, "mean of centroid 0 is 0.999, below min"},
        {{.centroids = {{1, 1}, {9.001, 1}}}, "mean of centroid 1 is 9.001, above max"},
        {{.centroids = {{1, 1}, {5, 1}, {4.9, 1}}}, "mean of centroid 2 is 4.9, below one before it"},
    };
    for (const Wrong& wrong : table) {
        CHECK(verbose(wrong.fields).message() == wrong.message + " (read as merging-verbose)");
    }
}

TEST_CASE("decode: limits that are still right") {
    const double two_53 = std::ldexp(1, 53);
    const std::vector<Fields> table{
        {.compression = 1e6},
        {.compression = 1e-300},
        {.min = 9, .max = 9, .centroids = {{9, two_53}}},
        {.centroids = {{1, two_53 - 1}, {9, 1}}},
        {.min = -0.0, .max = 0.0, .centroids = {{0.0, 1}, {-0.0, 1}}},
        {.min = -1.7e308, .max = 1.7e308, .centroids = {{-1.7e308, 1}, {1.7e308, 1}}},
        {.min = 5e-324, .max = 1e-323, .centroids = {{5e-324, 1}, {1e-323, 1}}},
        {.min = 0, .max = 10, .centroids = {{5, 1}}},
        {.min = 9, .max = 9, .centroids = {{9, 1}, {9, 5}, {9, 1}, {9, 1}}},
    };
    for (const Fields& fields : table) {
        TDigest digest;
        REQUIRE_MESSAGE(verbose(fields).decode(digest).has_value(), verbose(fields).message());
        CHECK(std::ranges::equal(digest.centroids(), fields.centroids));
        CHECK(digest.weight() == total_weight(fields.centroids));
    }
}

TEST_CASE("decode: rounding may take means out of order and out of bounds, and no more") {
    const double above = std::nextafter(9, 10);
    TDigest digest;
    REQUIRE(verbose({.centroids = {{1, 1}, {5, 3}, {std::nextafter(5, 0), 4}, {above, 1}}}).decode(digest).has_value());
    // In the order they came, raised to the one before; what is beyond max stays as it is until it is merged.
    CHECK(std::ranges::equal(digest.centroids(), std::vector<Centroid>{{1, 1}, {5, 3}, {5, 4}, {above, 1}}));
    CHECK(digest.max() == 9);
    CHECK(verbose({.centroids = {{1, 1}, {5, 3}, {5 - 1e-9, 4}}}).message().starts_with("mean of centroid 2"));
}

TEST_CASE("decode: zeros behind a digest are taken, anything else is not") {
    TDigest digest;
    CHECK(verbose({}).byte(0).layout(digest) == DigestLayout::merging_verbose);
    CHECK(avl_verbose({}).int32(0).int32(0).int32(0).layout(digest) == DigestLayout::avl_verbose);
    CHECK(digest.weight() == 8);
    CHECK(verbose({}).byte(0).byte(1).message() ==
          "there are bytes that are not zero behind the digest, from byte 81 (read as merging-verbose)");
}

TEST_CASE("decode: a wrong lone centroid is not taken for another layout's") {
    for (const double mean : {nan, infinity, 0.5, 9.5})
        CHECK(verbose({.centroids = {{mean, 1}}}).message().starts_with("mean of centroid 0 is "));
    TDigest digest;
    CHECK(avl_verbose({.centroids = {{4, 6}}}).int32(0).layout(digest) == DigestLayout::avl_verbose);
}

TEST_CASE("decode: what is cut or padded to 30 bytes is not taken for an empty digest") {
    const auto small_header = [](double min, double max) {
        return Payload().int32(2).real(min).real(max).small_real(100).int16(210).int16(1050).int16(0);
    };
    TDigest digest;
    CHECK(small_header(infinity, -infinity).layout(digest) == DigestLayout::merging_small);
    CHECK(small_header(0, 0).layout(digest) == DigestLayout::merging_small);
    CHECK(small_header(1, 9).decode(digest).has_error());
    CHECK(small_header(-9, 0).decode(digest).has_error());
    Payload legacy;
    legacy.int32(2).real(100).int32(1).small_real(-1.5).byte(1).real(0).byte(0);
    CHECK(legacy.layout(digest) == DigestLayout::tree_small_legacy);
    CHECK(digest.weight() == 1);
}

TEST_CASE("decode: counts that the bytes do not bear out") {
    for (const std::int64_t count :
         {std::int64_t{5}, std::int64_t{0x10000000}, std::int64_t{0x40000000}, std::int64_t{0x7fffffff}}) {
        Payload payload;
        payload.int32(1).real(1).real(9).real(100).int32(count).real(1).real(1).real(6).real(4).real(1).real(9);
        CHECK(payload.message() ==
              std::to_string(count) + " centroids do not fit in the bytes that there are (read as merging-verbose)");
        TDigest digest;
        CHECK_FALSE(payload.decode(digest).has_value());
        CHECK(digest.heap_bytes() == 0);
    }
    for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{-0x80000000LL}}) {
        Payload payload;
        payload.int32(1).real(1).real(9).real(100).int32(count).real(1).real(1);
        CHECK(payload.message().starts_with("the number of centroids is -"));
    }
}

TEST_CASE("decode: an empty digest forgets min and max") {
    TDigest digest;
    REQUIRE(verbose({.min = 0, .max = 0, .centroids = {}}).decode(digest).has_value());
    CHECK(digest.empty());
    CHECK(digest.min() == infinity);
    CHECK(digest.max() == -infinity);
    CHECK(verbose({.min = nan, .max = nan, .centroids = {}}).decode(digest).has_value());
    CHECK(verbose({.compression = nan, .centroids = {}}).decode(digest).has_error());
}

Payload avl_small(std::initializer_list<unsigned> varints) {
    Payload payload;
    payload.int32(2).real(1).real(9).real(100).int32(3).small_real(1).small_real(3).small_real(5);
    for (const unsigned byte : varints)
        payload.byte(byte);
    return payload;
}

TEST_CASE("decode: varints") {
    TDigest digest;
    REQUIRE(avl_small({1, 0x85, 0x01, 1}).layout(digest) == DigestLayout::avl_small);
    CHECK(std::ranges::equal(digest.centroids(), std::vector<Centroid>{{1, 1}, {4, 133}, {9, 1}}));
    REQUIRE(avl_small({1, 0xff, 0xff, 0xff, 0xff, 0x07, 1}).decode(digest).has_value());
    CHECK(digest.centroids()[1].weight == 2147483647);
    const std::string too_long = "weight of centroid 1 takes more than 5 bytes or 31 bits (read as avl-small)";
    CHECK(avl_small({1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}).message() == too_long);
    CHECK(avl_small({1, 0x80, 0x80, 0x80, 0x80, 0x08, 1}).message() == too_long);
    CHECK(avl_small({1, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 1}).message() == too_long);
    CHECK(avl_small({1, 0x85, 0x81, 0x81}).message() ==
          "the bytes end within the weight of centroid 1 (read as avl-small)");
    CHECK(avl_small({1, 0, 1}).message() == "weight of centroid 1 is 0 (read as avl-small)");
}

TEST_CASE("decode: the layout without min and max that Go clients write") {
    Payload payload;
    payload.int32(2).real(100).int32(3).small_real(-2.5).small_real(3).small_real(4).byte(1).byte(0x90).byte(0x01).byte(
        2);
    TDigest digest;
    REQUIRE(payload.layout(digest) == DigestLayout::tree_small_legacy);
    CHECK(std::ranges::equal(digest.centroids(), std::vector<Centroid>{{-2.5, 1}, {0.5, 144}, {4.5, 2}}));
    CHECK(digest.min() == -2.5);
    CHECK(digest.max() == 4.5);
}

TEST_CASE("decode: infinite means, where the layout has no min and max or these are as large as can be") {
    const auto legacy = [](double first, double last) {
        return Payload().int32(1).real(100).int32(3).real(first).real(5).real(last).int32(1).int32(1).int32(1);
    };
    CHECK(legacy(-infinity, 9).message() == "mean of centroid 0 is -inf (read as tree-verbose-legacy)");
    CHECK(legacy(1, infinity).message() == "mean of centroid 2 is inf (read as tree-verbose-legacy)");
    CHECK(legacy(nan, 9).message() == "mean of centroid 0 is nan (read as tree-verbose-legacy)");
    TDigest digest;
    CHECK(legacy(1, 9).layout(digest) == DigestLayout::tree_verbose_legacy);
    constexpr double largest = std::numeric_limits<double>::max();
    const Fields fields{.min = -largest, .max = largest, .centroids = {{-largest, 1}, {0, 3}, {largest, 1}}};
    CHECK(verbose(fields).layout(digest) == DigestLayout::merging_verbose);
    CHECK(verbose({.min = -largest, .max = largest, .centroids = {{0, 3}, {infinity, 1}}})
              .message()
              .starts_with("mean of centroid 1 is inf"));
    CHECK(verbose({.min = -largest, .max = largest, .centroids = {{-infinity, 1}, {0, 3}}})
              .message()
              .starts_with("mean of centroid 0 is -inf"));
}

TEST_CASE("decode: what has no code of a digest") {
    TDigest digest;
    CHECK(decode_digest({}, digest).error().message() == "0 bytes are too few for a digest");
    CHECK(Payload().int32(0).message() == "no digest starts with code 0");
    CHECK(Payload().int32(5).real(1).real(1).real(1).real(1).message() == "no digest starts with code 5");
    for (const int code : {1, 2, 3, 4})
        CHECK(Payload().int32(code).message() == "4 bytes are too few for a digest");
}

TEST_CASE("decode: text") {
    TDigest digest;
    CHECK(decode("AAAA AAE=", digest).error().message() == "character 4 is not of the standard Base64 alphabet");
    CHECK(decode("AAAAAQ=", digest).error().message() == "Base64 padding is out of place at character 6");
    CHECK(decode("AAAAA", digest).error().message() == "Base64 ends with a lone character, 4, that holds no byte");
    CHECK(decode("AAAAA", digest).error().reason() == agent::core::RejectReason::bad_base64);
    CHECK(decode("", digest).error().reason() == agent::core::RejectReason::bad_digest);
}

} // namespace
