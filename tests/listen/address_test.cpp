#include "listen/address.hpp"

#include <string>

#include <doctest/doctest.h>

namespace agent::listen {
namespace {

TEST_CASE("addresses that are taken") {
    struct Row {
        const char* text;
        const char* host;
        std::uint16_t port;
        bool is_v6;
        bool is_loopback;
    };
    const Row rows[] = {
        {"127.0.0.1:18126", "127.0.0.1", 18126, false, true},
        {"127.255.0.9:1", "127.255.0.9", 1, false, true}, // all of 127/8
        {"0.0.0.0:65535", "0.0.0.0", 65535, false, false},
        {"10.1.2.3:0", "10.1.2.3", 0, false, false},
        {"[::1]:18126", "::1", 18126, true, true},
        {"[::]:18126", "::", 18126, true, false},
        {"[fe80::1]:5", "fe80::1", 5, true, false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto parsed = parse_tcp_address(row.text);
        REQUIRE(parsed.has_value());
        REQUIRE(parsed->size() == 1);
        const auto& address = parsed->front();
        CHECK(address.host == row.host);
        CHECK(address.port == row.port);
        CHECK(address.is_v6 == row.is_v6);
        CHECK(address.is_loopback == row.is_loopback);
        CHECK(!address.is_optional);
        CHECK(to_string(address) == row.text);
    }
}

TEST_CASE("localhost is both loopback addresses, and not every host has the second") {
    const auto parsed = parse_tcp_address("localhost:18126");
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->size() == 2);
    CHECK(to_string((*parsed)[0]) == "127.0.0.1:18126");
    CHECK(to_string((*parsed)[1]) == "[::1]:18126");
    CHECK(!(*parsed)[0].is_optional);
    CHECK((*parsed)[1].is_optional);
    CHECK((*parsed)[0].is_loopback);
    CHECK((*parsed)[1].is_loopback);
}

TEST_CASE("addresses that are not") {
    for (const std::string text : {"",
                                   ":",
                                   "18126",
                                   "127.0.0.1",
                                   "127.0.0.1:",
                                   ":18126",
                                   "127.0.0.1:65536",
                                   "127.0.0.1:-1",
                                   "127.0.0.1:+1",
                                   "127.0.0.1: 1",
                                   "127.0.0.1:1x",
                                   "127.0.0.1:0x1",
                                   "127.0.0.1:99999999999999999999",
                                   "127.1:80",
                                   "256.0.0.1:80",
                                   "example.com:80",
                                   "LOCALHOST:80",
                                   "::1:80",
                                   "[::1]",
                                   "[::1]80",
                                   "[127.0.0.1]:80",
                                   "[::1:80",
                                   "::1]:80",
                                   "[]:80",
                                   "[:::]:80",
                                   "*:80",
                                   " 127.0.0.1:80",
                                   "[localhost]:80"}) {
        CAPTURE(text);
        const auto parsed = parse_tcp_address(text);
        REQUIRE(!parsed.has_value());
        CHECK(parsed.error().find("\"" + text + "\"") != std::string::npos);
    }
}

} // namespace
} // namespace agent::listen
