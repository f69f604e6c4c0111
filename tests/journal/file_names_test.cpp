#include "journal/file_names.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace agent::journal {
namespace {

TEST_CASE("names sort as their numbers do, and give them back") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    CHECK(file_name(1, deltas_suffix) == "00000000000000000001.delta");
    CHECK(file_name(most, records_suffix) == "18446744073709551615.records");
    std::string before;
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10}, most}) {
        const auto name = file_name(number, records_suffix);
        CHECK(before < name);
        CHECK(number_of(name, records_suffix) == number);
        CHECK(!number_of(name, deltas_suffix));
        before = name;
    }
}

TEST_CASE("other names have no number") {
    for (const auto* const name :
         {"", ".delta", "1.delta", "0000000000000000001.delta", "000000000000000000001.delta",
          "-0000000000000000001.delta", "+0000000000000000001.delta", " 0000000000000000001.delta",
          "0000000000000000000x.delta", "18446744073709551616.delta", "00000000000000000001.deltas",
          "00000000000000000001xdelta", "watermark"}) {
        CAPTURE(name);
        CHECK(!number_of(name, deltas_suffix));
    }
}

} // namespace
} // namespace agent::journal
