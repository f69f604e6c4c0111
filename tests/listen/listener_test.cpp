// Real sockets on a loop that the test turns: who is let in, who makes room, and what a unix path may be.
#include "listen/listener.hpp"

#include "core/limits.hpp"
#include "support/talk.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::listen {
namespace {

namespace asio = boost::asio;
using Client = asio::local::stream_protocol::socket;

struct Folder {
    std::string path;

    Folder() {
        char name[] = "/tmp/listener_test.XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        path = name;
    }
    ~Folder() {
        unlink((path + "/socket").c_str());
        rmdir(path.c_str());
    }
    std::string socket() const { return path + "/socket"; }
};

struct World : test::TalkWorld {
    Folder folder;
    Surroundings surroundings = around(sink);
    asio::io_context io{1};
    std::unique_ptr<Listener> listener;
    std::vector<Client> clients;
    bool is_started = false;

    explicit World(std::size_t max_connections = 100) {
        ListenOptions options;
        options.unix_paths = {folder.socket()};
        options.max_connections = max_connections;
        listener = std::make_unique<Listener>(io.get_executor(), surroundings, options);
    }
    ~World() {
        if (is_started) {
            listener->stop();
            listener->abort();
            turn();
        }
    }

    void turn() {
        io.restart();
        while (io.poll() != 0) {
        }
    }

    void open_and_start() {
        const auto opened = listener->open();
        REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
        listener->start();
        is_started = true;
        turn();
    }

    Client& connect() {
        auto& client = clients.emplace_back(io);
        client.connect(asio::local::stream_protocol::endpoint(folder.socket()));
        turn();
        return client;
    }

    void send(Client& client, std::string_view text) {
        asio::write(client, asio::buffer(text));
        turn();
    }
};

// Whether the other side has closed it.
bool is_closed(Client& client) {
    client.non_blocking(true);
    char byte = 0;
    boost::system::error_code failed;
    client.read_some(asio::buffer(&byte, 1), failed);
    return failed != asio::error::would_block;
}

TEST_CASE("at the cap a new connection is closed and counted, as long as nobody is idle for long") {
    World world(2);
    world.open_and_start();
    std::vector<Client*> clients;
    world.clients.reserve(8);
    for (int i = 0; i < 3; ++i) {
        clients.push_back(&world.connect());
    }
    CHECK(!is_closed(*clients[0]));
    CHECK(!is_closed(*clients[1]));
    CHECK(is_closed(*clients[2]));
    CHECK(world.stats.connections_refused == 1);
    CHECK(world.stats.connections_accepted == 2);
    clients[0]->close();
    world.turn();
    CHECK(!is_closed(world.connect()));
    CHECK(world.stats.connections_open == 2);
}

TEST_CASE("at the cap the connection that is idle longest makes room, once it is idle for long enough") {
    World world(3);
    world.open_and_start();
    world.clients.reserve(8);
    auto& first = world.connect();
    auto& second = world.connect();
    world.clock.advance(core::limits::idle_close_after_ms - 1000);
    world.send(first, "mabs c a 1\n"); // now the second is the one that is idle longest
    auto& third = world.connect();
    world.clock.advance(999);
    CHECK(is_closed(world.connect()));
    CHECK(world.stats.connections_idle_closed == 0);
    world.clock.advance(1);
    CHECK(!is_closed(world.connect()));
    CHECK(is_closed(second));
    CHECK(!is_closed(first));
    CHECK(!is_closed(third));
    CHECK(world.stats.connections_idle_closed == 1);
    CHECK(world.stats.connections_refused == 1);
    CHECK(is_closed(world.connect())); // the others are not idle for long
    CHECK(world.stats.connections_open == 3);
}

struct DescriptorLimit {
    rlimit before{};

    explicit DescriptorLimit(rlim_t limit) {
        getrlimit(RLIMIT_NOFILE, &before);
        const rlimit lower{limit, before.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &lower) == 0);
    }
    ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before); }
};

TEST_CASE("connections leave some descriptors to others") {
    World world(core::limits::default_max_connections);
    const DescriptorLimit limit(300);
    world.open_and_start();
    CHECK(world.stats.connections_max == 300 - core::limits::spare_descriptors);
}

TEST_CASE("the cap stays where it is when there are descriptors enough") {
    World world(10);
    world.open_and_start();
    CHECK(world.stats.connections_max == 10);
}

TEST_CASE("out of descriptors: accepting waits, goes on when there are some, and the idlest makes room") {
    World world;
    world.open_and_start();
    world.clients.reserve(8);
    auto& first = world.connect();
    auto& waiting = world.clients.emplace_back(world.io);
    waiting.open();
    {
        const DescriptorLimit limit(static_cast<rlim_t>(waiting.native_handle()) + 1); // all below are taken
        waiting.connect(asio::local::stream_protocol::endpoint(world.folder.socket()));
        world.turn();
        CHECK(world.stats.accept_failures == 1);
        CHECK(world.stats.connections_accepted == 1);
        world.turn(); // does not spin
        CHECK(world.stats.accept_failures == 1);
        world.send(first, "mabs c a 1\n"); // who is in is served
        CHECK(world.ledger.accepted_lines == 1);
        SUBCASE("an idle one goes") {
            world.clock.advance(core::limits::idle_close_after_ms);
            world.io.restart();
            world.io.run_for(std::chrono::milliseconds(2 * core::limits::accept_backoff_ms));
            CHECK(world.stats.connections_idle_closed == 1);
            CHECK(is_closed(first));
            CHECK(world.stats.connections_accepted == 2);
        }
        SUBCASE("nobody is idle") {}
    }
    world.io.restart();
    world.io.run_for(std::chrono::milliseconds(2 * core::limits::accept_backoff_ms));
    CHECK(world.stats.connections_accepted == 2);
    world.send(waiting, "mabs c a 1\n");
    CHECK(world.ledger.accepted_lines == 2);
}

TEST_CASE("a unix socket that nobody answers at is replaced") {
    World world;
    {
        Client stale(world.io); // bound by a process that is gone
        asio::local::stream_protocol::acceptor gone(world.io,
                                                    asio::local::stream_protocol::endpoint(world.folder.socket()));
    }
    struct stat status{};
    REQUIRE(lstat(world.folder.socket().c_str(), &status) == 0);
    world.open_and_start();
    world.send(world.connect(), "mabs c a 1\n");
    CHECK(world.ledger.accepted_lines == 1);
}

TEST_CASE("a unix path of something else is left alone, and the error says what it is") {
    World world;
    const auto path = world.folder.socket();
    std::string why;
    SUBCASE("a file") {
        std::fclose(std::fopen(path.c_str(), "w"));
        why = "the path exists and is not a socket";
    }
    SUBCASE("a dangling link") {
        REQUIRE(symlink("/nowhere", path.c_str()) == 0);
        why = "the path exists and is not a socket";
    }
    SUBCASE("a live socket") {
        World other;
        other.open_and_start();
        ListenOptions options;
        options.unix_paths = {other.folder.socket()};
        Listener second(world.io.get_executor(), world.surroundings, options);
        const auto opened = second.open();
        REQUIRE(!opened);
        CHECK(opened.error() == "cannot listen on unix:" + other.folder.socket() + ": another process listens there");
        other.send(other.connect(), "mabs c a 1\n"); // and it goes on
        CHECK(other.ledger.accepted_lines == 1);
        return;
    }
    const auto opened = world.listener->open();
    REQUIRE(!opened);
    CHECK(opened.error() == "cannot listen on unix:" + path + ": " + why);
    struct stat status{};
    CHECK(lstat(path.c_str(), &status) == 0);
}

} // namespace
} // namespace agent::listen
