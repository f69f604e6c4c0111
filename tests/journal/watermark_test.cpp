// The watermark's 28 bytes.
#include "journal/watermark.hpp"

#include "support/bytes.hpp"

#include <limits>
#include <vector>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

TEST_CASE("what was written is read") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    for (const auto& watermark : {Watermark{0, 0}, Watermark{1, 2}, Watermark{most, most - 1}}) {
        Watermark read{7, 7};
        CHECK(decode(encode(watermark), read));
        CHECK(read == watermark);
    }
    CHECK(test::text_of(encode({1, 2})).starts_with("MABSWMRK\1"));
}

TEST_CASE("what is cut, or has one bit wrong, says nothing") {
    const auto bytes = encode({3, 4});
    Watermark read{7, 7};
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK(!decode(std::span(bytes).first(size), read));
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto wrong = bytes;
        test::flip_bit(wrong, bit);
        CHECK(!decode(wrong, read));
    }
    CHECK(read == Watermark{7, 7});
}

} // namespace
} // namespace agent::journal
