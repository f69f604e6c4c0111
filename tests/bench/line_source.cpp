// Sends MABS lines as fast as the receiver takes them, then `sync` on every connection, and ends when all are answered.
//   line_source PORT LINES SERIES CONNECTIONS BLOCK_BYTES
// Lines are about 110 bytes, half counters, half gauges, 4 tags, in random order of series, made before anything is
// sent. BLOCK_BYTES 0: one write() a line.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t distinct_lines = 400'000; // sent over and over: enough not to fit the caches

std::string line_of(std::uint32_t series, std::uint32_t value, std::time_t now) {
    char text[256];
    const bool is_gauge = series % 2 == 1;
    const auto size = std::snprintf(text, sizeof text,
                                    "mabs %s http.server.requests.%05u %lld %u%s service=checkout host_group=web-%02u "
                                    "status=%u path=/api/v1/%04u\n",
                                    is_gauge ? "gauge" : "counter", series / 16, static_cast<long long>(now),
                                    value % 1000, is_gauge ? ".25" : "", series % 16, 200 + series % 5, series % 9973);
    return {text, static_cast<std::size_t>(size)};
}

struct Load {
    std::string text;
    std::vector<std::uint32_t> line_ends;
};

Load make_load(std::size_t lines, std::uint32_t series_count) {
    std::mt19937 random(20261121);
    std::uniform_int_distribution<std::uint32_t> series(0, series_count - 1);
    const auto now = std::time(nullptr);
    Load load;
    for (std::size_t i = 0; i < lines; ++i) {
        load.text += line_of(series(random), static_cast<std::uint32_t>(i), now);
        load.line_ends.push_back(static_cast<std::uint32_t>(load.text.size()));
    }
    return load;
}

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    return fd;
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto size = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (size <= 0) {
            std::perror("send");
            std::exit(1);
        }
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

// Whole lines from `begin` on, about `block` bytes (0: one line); returns where they end.
std::size_t block_end(const Load& load, std::size_t line, std::size_t end, std::size_t block) {
    const auto begin = line == 0 ? 0 : load.line_ends[line - 1];
    do {
        ++line;
    } while (line < end && load.line_ends[line - 1] - begin < block);
    return line;
}

void send_lines(int fd, const Load& load, std::size_t count, std::size_t block) {
    while (count > 0) {
        const auto round = std::min(count, load.line_ends.size());
        for (std::size_t line = 0; line < round;) {
            const auto next = block_end(load, line, round, block);
            const auto begin = line == 0 ? 0 : load.line_ends[line - 1];
            write_all(fd, std::string_view(load.text).substr(begin, load.line_ends[next - 1] - begin));
            line = next;
        }
        count -= round;
    }
    write_all(fd, "sync done\n");
    char answer[256];
    for (ssize_t size = 0; (size = recv(fd, answer, sizeof answer - 1, 0)) > 0;) {
        answer[size] = '\0';
        if (std::string_view(answer, static_cast<std::size_t>(size)).find('\n') != std::string_view::npos) {
            std::printf("%s", answer);
            break;
        }
    }
    close(fd);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: line_source PORT LINES SERIES CONNECTIONS BLOCK_BYTES\n");
        return 2;
    }
    const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)); };
    const auto connections = number(4);
    const auto lines = number(2) / connections;
    const auto load = make_load(std::min(lines * connections, distinct_lines), static_cast<std::uint32_t>(number(3)));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < connections; ++i) {
        threads.emplace_back(send_lines, connect_to(static_cast<std::uint16_t>(number(1))), std::cref(load), lines,
                             number(5));
    }
    for (auto& thread : threads) {
        thread.join();
    }
    return 0;
}
