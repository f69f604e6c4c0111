// The listening sockets and all connections. Accepting never waits for anything but descriptors. One thread (that of
// the executor).
#pragma once

#include "core/limits.hpp"
#include "listen/address.hpp"
#include "listen/connection.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/system/result.hpp>

namespace agent::listen {

struct ListenOptions {
    std::vector<TcpAddress> tcp;
    std::vector<std::string> unix_paths;
    std::size_t max_connections = core::limits::default_max_connections;
    std::size_t read_bytes = core::limits::read_chunk_bytes; // at a time; less where lines take long to check
};

class Listener final : private Connection::Owner {
  public:
    Listener(const boost::asio::any_io_executor& executor, const Surroundings& around, const ListenOptions& options);
    ~Listener() override;

    // Binds and listens everywhere, or says what could not be bound. A stale unix socket is replaced, a live one not.
    boost::system::result<void, std::string> open();

    // Where it listens, with the ports really bound: "127.0.0.1:18126", "[::1]:18126", "unix:/run/x.sock".
    const std::vector<std::string>& bound() const { return bound_; }

    // Starts to accept.
    void start();

    // Accepts no more, reads what the kernel holds already for open connections and ends them.
    void stop();

    // Ends the connections that are still there.
    void abort();

    // The journal has got further: answers every `sync` that waited for it.
    void settle();

    std::size_t connection_count() const { return by_activity_.size(); }

  private:
    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
    using Connections = std::list<std::shared_ptr<Connection>>;

    boost::system::result<void, std::string> open_tcp(TcpAddress address);
    boost::system::result<void, std::string> open_unix(const std::string& path);
    boost::asio::awaitable<void> accept_on(Acceptor& acceptor);
    boost::system::error_code accept_all(Acceptor& acceptor);
    void admit(Socket socket);
    bool make_room();
    void fit_descriptors();
    void was_active(Connection& connection) override;
    void has_ended(Connection& connection) override;

    boost::asio::any_io_executor executor_;
    ConnectionShared shared_;
    ListenOptions options_;
    std::list<Acceptor> acceptors_;
    std::vector<std::string> bound_;
    std::vector<std::string> owned_paths_;
    Connections by_activity_; // idle longest first
    std::unordered_map<const Connection*, Connections::iterator> places_;
    bool is_stopping_ = false;
};

} // namespace agent::listen
