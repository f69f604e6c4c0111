#include "listen/address.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace agent::listen {

namespace {

using Parsed = boost::system::result<std::vector<TcpAddress>, std::string>;

bool parse_port(std::string_view text, std::uint16_t& out) {
    const auto* const end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data(), end, out);
    return ec == std::errc() && stop == end && !text.empty();
}

bool is_numeric(TcpAddress& address) {
    in_addr v4{};
    in6_addr v6{};
    if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) {
        address.is_loopback = (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
        return true;
    }
    if (inet_pton(AF_INET6, address.host.c_str(), &v6) == 1) {
        address.is_v6 = true;
        address.is_loopback = IN6_IS_ADDR_LOOPBACK(&v6) != 0;
        return true;
    }
    return false;
}

} // namespace

Parsed parse_tcp_address(std::string_view text) {
    const auto fail = [&](std::string_view why) {
        return Parsed(boost::system::in_place_error, "\"" + std::string(text) + "\": " + std::string(why));
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return fail("expected HOST:PORT");
    }
    auto host = text.substr(0, colon);
    TcpAddress address;
    if (!parse_port(text.substr(colon + 1), address.port)) {
        return fail("the port is not a number from 0 to 65535");
    }
    if (host == "localhost") {
        return std::vector<TcpAddress>{{"127.0.0.1", address.port, false, true, false, false},
                                       {"::1", address.port, true, true, true, false}};
    }
    const bool in_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) {
        host = host.substr(1, host.size() - 2);
    }
    address.host = host;
    if (!is_numeric(address) || address.is_v6 != in_brackets) {
        return fail("the host is not a numeric IPv4 address, an IPv6 address in brackets, or localhost");
    }
    return std::vector<TcpAddress>{address};
}

std::string to_string(const TcpAddress& address) {
    const auto port = std::to_string(address.port);
    return address.is_v6 ? "[" + address.host + "]:" + port : address.host + ":" + port;
}

std::string peer_name(int socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        return "gone";
    }
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (storage.ss_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, &storage, sizeof address);
        inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
        return to_string({host.data(), ntohs(address.sin_port), false, false, false, false});
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 address{};
        std::memcpy(&address, &storage, sizeof address);
        inet_ntop(AF_INET6, &address.sin6_addr, host.data(), host.size());
        return to_string({host.data(), ntohs(address.sin6_port), true, false, false, false});
    }
    ucred credentials{};
    size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return "unix";
    }
    return "unix:pid=" + std::to_string(credentials.pid) + ",uid=" + std::to_string(credentials.uid);
}

} // namespace agent::listen
