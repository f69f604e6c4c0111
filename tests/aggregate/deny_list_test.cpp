// Denied metrics, as the aggregator takes them.
#include "aggregate/aggregator.hpp"
#include "support/aggregator_rig.hpp"
#include "support/digest_text.hpp"

#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

namespace agent::aggregate {
namespace {

using test::AggregatorRig;
using test::reason_of;

AggregatorOptions denying(std::initializer_list<const char*> globs) {
    auto options = test::rig_options();
    for (const auto* text : globs) {
        options.deny.add(*MetricGlob::compile(text));
    }
    return options;
}

TEST_CASE("an empty list denies nothing") {
    const DenyList list;
    CHECK(list.find("a") == nullptr);
    CHECK(list.size() == 0);
}

TEST_CASE("the first glob that matches is the one that is told") {
    const auto options = denying({"x", "tmp.*", "tmp.a*"});
    CHECK(options.deny.find("tmp.abc")->text() == "tmp.*");
    CHECK(options.deny.find("x")->text() == "x");
    CHECK(options.deny.find("xy") == nullptr);
}

TEST_CASE("lines of every type are denied, others are not") {
    AggregatorRig rig(denying({"other", "tmp.*"}));
    const std::string lines[] = {
        "mabs c tmp.x 1",
        "mabs g tmp.x 1",
        "mabs s tmp.x 1",
        "mabs h tmp.x " + test::digest_text({1, 2, 3}),
        "mabs c tmp.x 1 a=b by_node=1",
        "put tmp.x 1763750400 1",
    };
    for (const auto& text : lines) {
        CAPTURE(text);
        const auto error = rig.line(text);
        CHECK(reason_of(error) == "denied");
        CHECK(text.substr(error.offset, error.length) == "tmp.x");
        CHECK(rig.detail == "glob \"tmp.*\"");
        auto fine = text;
        fine.replace(fine.find("tmp.x"), 5, "tmpx");
        CHECK(!rig.line(fine));
    }
    CHECK(rig.ledger.accepted_lines == 6);
}

TEST_CASE("what is denied leaves no trace in the table") {
    AggregatorRig rig(denying({"tmp.*"}));
    const auto& table = rig.aggregator.table();
    const auto bytes = table.size_bytes();
    for (int i = 0; i < 100; ++i) {
        CHECK(reason_of(rig.line("mabs c tmp." + std::to_string(i % 10) + " 1 a=" + std::to_string(i))) == "denied");
    }
    CHECK(table.series_count() == 0);
    CHECK(table.spellings().size() == 0);
    CHECK(table.size_bytes() == bytes);
    CHECK(rig.records().empty());
}

TEST_CASE("denied lines in the midst of a batch") {
    AggregatorRig rig(denying({"no"}));
    const auto errors =
        rig.lines({"mabs c yes 1", "mabs c no 1", "mabs c yes 1", "mabs c no 1 ", "put no 1763750400 1"});
    const bool expected[] = {false, true, false, true, true};
    for (std::size_t i = 0; i < errors.size(); ++i) {
        CHECK((errors[i].reason == core::RejectReason::denied) == expected[i]);
    }
    CHECK(rig.ledger.accepted_lines == 2);
}

TEST_CASE("it does not matter what else is wrong with a denied line, but that it can be read") {
    AggregatorRig rig(denying({"no"}));
    CHECK(reason_of(rig.line("mabs c no 1 a=1 a=2")) == "denied");
    CHECK(reason_of(rig.line("mabs h no AAAA")) == "denied");
    CHECK(reason_of(rig.line("mabs c no x")) == "bad_value");
}

} // namespace
} // namespace agent::aggregate
