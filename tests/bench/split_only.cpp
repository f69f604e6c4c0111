// The baseline of the ingest bench: reads the same bytes as the agent and cuts them into lines, nothing else. One
// thread, epoll, reads of 256 KiB; answers a line that begins with "sync" with "ok".
//   split_only          prints "ready <port>", then serves until it is killed

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;

struct Connection {
    std::string rest;
    std::uint64_t lines = 0;
};

void take(int fd, Connection& connection, const char* at, const char* end) {
    while (at != end) {
        const auto* const lf = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
        if (lf == nullptr) {
            connection.rest.assign(at, end);
            return;
        }
        ++connection.lines;
        if (std::memcmp(at, "sync", 4) == 0) {
            const auto answer = "ok done lines=" + std::to_string(connection.lines) + "\n";
            static_cast<void>(send(fd, answer.data(), answer.size(), MSG_NOSIGNAL));
        }
        at = lf + 1;
    }
    connection.rest.clear();
}

} // namespace

int main() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 1024) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        std::perror("listen");
        return 1;
    }
    std::printf("ready %u\n", ntohs(address.sin_port));
    std::fflush(stdout);

    const int poll = epoll_create1(0);
    const auto watch = [&](int fd) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    };
    watch(listener);
    std::unordered_map<int, Connection> connections;
    std::vector<char> buffer(2 * chunk_bytes);
    std::array<epoll_event, 64> events{};
    for (;;) {
        const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                const int accepted = accept(listener, nullptr, nullptr);
                connections[accepted] = {};
                watch(accepted);
                continue;
            }
            auto& connection = connections[fd];
            const auto kept = connection.rest.size();
            std::memcpy(buffer.data(), connection.rest.data(), kept);
            const auto read = recv(fd, buffer.data() + kept, chunk_bytes, 0);
            if (read <= 0) {
                close(fd);
                connections.erase(fd);
                continue;
            }
            take(fd, connection, buffer.data(), buffer.data() + kept + read);
        }
    }
}
