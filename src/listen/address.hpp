// Where to listen: HOST:PORT with a numeric IPv4 address, an IPv6 address in brackets, or `localhost` (both loopback
// addresses); or the path of a unix stream socket. Numbers only, so that a start never waits for DNS. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::listen {

struct TcpAddress {
    std::string host; // numeric, without brackets
    std::uint16_t port = 0;
    bool is_v6 = false;
    bool is_loopback = false;
    bool is_optional = false;    // not every host has it: go on without it
    bool takes_any_port = false; // of the optional one: its port was picked for the other
};

// Or what is wrong with the text, for people. `localhost` gives two addresses, the second one optional.
boost::system::result<std::vector<TcpAddress>, std::string> parse_tcp_address(std::string_view text);

// "127.0.0.1:18126", "[::1]:18126"
std::string to_string(const TcpAddress& address);

// The other end of a connected socket: "127.0.0.1:40112", "[::1]:40112", "unix:pid=4711,uid=1000".
std::string peer_name(int socket);

} // namespace agent::listen
