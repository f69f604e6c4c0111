#include "core/run_id.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace agent::core {
namespace {

TEST_CASE("a run id is a random UUID in its 36-character lower-case form") {
    std::set<char> variants;
    std::set<std::string> ids;
    for (int round = 0; round < 200; ++round) {
        const auto id = make_run_id();
        CAPTURE(id);
        REQUIRE(id.size() == 36);
        for (std::size_t i = 0; i < id.size(); ++i) {
            if (i == 8 || i == 13 || i == 18 || i == 23) {
                CHECK(id[i] == '-');
            } else {
                CHECK(std::string("0123456789abcdef").find(id[i]) != std::string::npos);
            }
        }
        CHECK(id[14] == '4');
        CHECK(std::string("89ab").find(id[19]) != std::string::npos);
        variants.insert(id[19]);
        CHECK(ids.insert(id).second); // never the same twice
    }
    CHECK(variants.size() == 4); // its two free bits are random; all 200 alike but by a chance of 10^-24
}

} // namespace
} // namespace agent::core
