#include "core/topic.hpp"

#include <doctest/doctest.h>

namespace agent::core {
namespace {

TEST_CASE("topics have the names of the record format") {
    const auto names = topic_names("");
    CHECK(names[index(Topic::mabs)] == "mabs");
    CHECK(names[index(Topic::by_node)] == "mabs.by_node");
    CHECK(names[index(Topic::tsdb)] == "tsdb");
    CHECK(names[index(Topic::agent)] == "mabs.agent");
}

TEST_CASE("the prefix stands before every topic as it is") {
    const auto names = topic_names("site-1.");
    CHECK(names[index(Topic::mabs)] == "site-1.mabs");
    CHECK(names[index(Topic::by_node)] == "site-1.mabs.by_node");
    CHECK(names[index(Topic::tsdb)] == "site-1.tsdb");
    CHECK(names[index(Topic::agent)] == "site-1.mabs.agent");
}

TEST_CASE("all_topics holds each topic once, at its index") {
    for (std::size_t i = 0; i < topic_count; ++i) {
        CHECK(index(all_topics[i]) == i);
    }
}

} // namespace
} // namespace agent::core
