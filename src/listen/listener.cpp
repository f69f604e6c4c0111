#include "listen/listener.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::listen {

namespace asio = boost::asio;
using boost::system::error_code;
using Opened = boost::system::result<void, std::string>;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// So many are accepted between two looks at how late it is.
constexpr std::size_t accepts_per_look = 32;

// Any program of this host may send, as it may over TCP on loopback.
constexpr mode_t socket_mode = 0666;

Opened fail(const std::string& where, const std::string& why) {
    return {boost::system::in_place_error, "cannot listen on " + where + ": " + why};
}

// The second address of `localhost`, on a host without IPv6, or with a port that only the first could pick.
bool is_dispensable(const TcpAddress& address, const error_code& failed) {
    return address.is_optional && (failed == asio::error::address_family_not_supported ||
                                   failed == boost::system::errc::address_not_available || address.takes_any_port);
}

enum class Found : unsigned char { nothing, stale_socket, live_socket, something_else };

// What stands where a unix socket is to be. A stale one: nobody answers there any more.
Found look_at(const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0) {
        return Found::nothing;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return Found::something_else;
    }
    asio::io_context context;
    asio::local::stream_protocol::socket probe(context);
    error_code failed;
    probe.connect(asio::local::stream_protocol::endpoint(path), failed);
    return failed == asio::error::connection_refused ? Found::stale_socket : Found::live_socket;
}

} // namespace

Listener::Listener(const asio::any_io_executor& executor, const Surroundings& around, const ListenOptions& options)
    : executor_(executor), shared_(executor, around, options.read_bytes), options_(options) {}

Listener::~Listener() {
    for (const auto& path : owned_paths_) {
        unlink(path.c_str());
    }
}

Opened Listener::open() {
    if (options_.tcp.size() + options_.unix_paths.size() > core::limits::max_listeners) {
        return fail("so many addresses", "at most " + std::to_string(core::limits::max_listeners));
    }
    fit_descriptors();
    std::uint16_t last_port = 0;
    for (auto address : options_.tcp) {
        if (address.is_optional && address.port == 0) { // the second address of localhost takes the port of the first
            address.port = last_port;
            address.takes_any_port = true;
        }
        if (auto opened = open_tcp(address); !opened) {
            return opened;
        }
        const auto& text = bound_.back();
        last_port = static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
    }
    for (const auto& path : options_.unix_paths) {
        if (auto opened = open_unix(path); !opened) {
            return opened;
        }
    }
    return {};
}

// Connections must not take the descriptors that Kafka and files need; and where there are too few, clients had better
// be closed and counted than left waiting to be accepted.
void Listener::fit_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        const auto descriptors = static_cast<std::size_t>(limit.rlim_cur);
        const auto spare = std::min(core::limits::spare_descriptors, descriptors / 2);
        options_.max_connections = std::min(options_.max_connections, descriptors - spare);
    }
    shared_.around.stats.connections_max = options_.max_connections;
}

Opened Listener::open_tcp(TcpAddress address) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
    const auto where = to_string(address);
    Acceptor acceptor(executor_);
    error_code failed;
    acceptor.open(asio::generic::stream_protocol(endpoint.protocol()), failed);
    if (!failed && address.is_v6) {
        acceptor.set_option(asio::ip::v6_only(true), failed);
    }
    if (!failed) {
        acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    }
    if (!failed) { // accepted sockets inherit it
        acceptor.set_option(asio::socket_base::send_buffer_size(core::limits::send_buffer_bytes), failed);
    }
    if (!failed) {
        acceptor.bind(endpoint, failed);
    }
    if (!failed) {
        acceptor.listen(core::limits::listen_backlog, failed);
    }
    if (failed) {
        return is_dispensable(address, failed) ? Opened() : fail(where, failed.message());
    }
    asio::ip::tcp::endpoint local;
    const auto generic = acceptor.local_endpoint(failed);
    local.resize(generic.size());
    std::memcpy(local.data(), generic.data(), generic.size());
    address.port = local.port();
    bound_.push_back(to_string(address));
    acceptors_.push_back(std::move(acceptor));
    return {};
}

Opened Listener::open_unix(const std::string& path) {
    const auto where = "unix:" + path;
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        return fail(where, "a socket's path has 1 to 107 bytes");
    }
    switch (look_at(path)) {
    case Found::nothing: break;
    case Found::stale_socket: unlink(path.c_str()); break;
    case Found::live_socket: return fail(where, "another process listens there");
    case Found::something_else: return fail(where, "the path exists and is not a socket");
    }
    const asio::local::stream_protocol::endpoint endpoint(path);
    Acceptor acceptor(executor_);
    error_code failed;
    acceptor.open(asio::generic::stream_protocol(endpoint.protocol()), failed);
    if (!failed) {
        acceptor.bind(endpoint, failed);
    }
    if (!failed) {
        owned_paths_.push_back(path);
        chmod(path.c_str(), socket_mode);
        acceptor.listen(core::limits::listen_backlog, failed);
    }
    if (failed) {
        return fail(where, failed.message());
    }
    bound_.push_back(where);
    acceptors_.push_back(std::move(acceptor));
    return {};
}

void Listener::start() {
    for (auto& acceptor : acceptors_) {
        error_code ignored;
        acceptor.non_blocking(true, ignored);
        asio::co_spawn(executor_, accept_on(acceptor), asio::detached);
    }
}

asio::awaitable<void> Listener::accept_on(Acceptor& acceptor) {
    asio::steady_timer pause(executor_);
    while (!is_stopping_) {
        const auto [stopped] = co_await acceptor.async_wait(Acceptor::wait_read, as_values);
        if (stopped || is_stopping_) {
            co_return;
        }
        const auto failed = accept_all(acceptor);
        if (failed == asio::error::would_block || failed == asio::error::connection_aborted ||
            failed == asio::error::interrupted || is_stopping_) {
            continue;
        }
        ++shared_.around.stats.accept_failures; // out of descriptors or memory
        if (make_room()) {
            continue;
        }
        pause.expires_after(std::chrono::milliseconds(core::limits::accept_backoff_ms));
        co_await pause.async_wait(as_values);
    }
}

// A burst is taken at once, old clients wait 100 ms and no longer; but not at the cost of those who have written.
error_code Listener::accept_all(Acceptor& acceptor) {
    shared_.around.watch.handler_begins();
    for (std::size_t i = 0; i < core::limits::listen_backlog; ++i) {
        Socket socket(executor_);
        error_code failed;
        acceptor.accept(socket, failed);
        if (failed) {
            return failed;
        }
        admit(std::move(socket));
        if (i % accepts_per_look == 0 && shared_.around.watch.is_late() && !is_stopping_) {
            break;
        }
    }
    return asio::error::would_block; // the others first
}

void Listener::admit(Socket socket) {
    if (by_activity_.size() >= options_.max_connections && !make_room()) {
        ++shared_.around.stats.connections_refused;
        return; // closes it
    }
    ++shared_.around.stats.connections_accepted;
    ++shared_.around.stats.connections_open;
    Connection::Owner& owner = *this;
    const auto connection = std::make_shared<Connection>(std::move(socket), shared_, owner);
    places_[connection.get()] = by_activity_.insert(by_activity_.end(), connection);
    connection->start();
}

// Closes the connection that is idle longest, if it is idle for long enough.
bool Listener::make_room() {
    if (by_activity_.empty()) {
        return false;
    }
    const auto idlest = by_activity_.front();
    if (shared_.around.clock.steady_ms() - idlest->last_active_ms() < core::limits::idle_close_after_ms) {
        return false;
    }
    ++shared_.around.stats.connections_idle_closed;
    idlest->abort();
    has_ended(*idlest);
    return true;
}

void Listener::was_active(Connection& connection) {
    if (const auto place = places_.find(&connection); place != places_.end()) {
        by_activity_.splice(by_activity_.end(), by_activity_, place->second);
    }
}

void Listener::has_ended(Connection& connection) {
    if (const auto place = places_.find(&connection); place != places_.end()) {
        --shared_.around.stats.connections_open;
        by_activity_.erase(place->second);
        places_.erase(place);
    }
}

void Listener::stop() {
    is_stopping_ = true;
    for (const auto& path : owned_paths_) { // now, while they are ours: the next process may bind them at any moment
        unlink(path.c_str());
    }
    owned_paths_.clear();
    for (auto& acceptor : acceptors_) {
        accept_all(acceptor); // who has connected already may have written, too
        error_code ignored;
        acceptor.close(ignored);
    }
    for (const auto& connection : by_activity_) {
        connection->stop();
    }
}

void Listener::settle() {
    std::erase_if(shared_.waiting, [](const std::weak_ptr<Connection>& weak) {
        const auto connection = weak.lock();
        return connection == nullptr || !connection->settle();
    });
}

void Listener::abort() {
    for (const auto& connection : by_activity_) {
        connection->abort();
    }
}

} // namespace agent::listen
