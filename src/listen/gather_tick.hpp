// A beat that is there only while somebody waits for it. Connections whose client writes line by line wait for it
// between two reads, so that one wake-up takes many lines. One thread (that of the executor).
#pragma once

#include "core/limits.hpp"

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace agent::listen {

class GatherTick {
  public:
    explicit GatherTick(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    // Completes at the next beat, at most core::limits::gather_ms from now.
    boost::asio::awaitable<void> next() {
        // Only when the last beat is over: setting the timer wakes everybody who waits for it.
        if (timer_.expiry() <= boost::asio::steady_timer::clock_type::now()) {
            timer_.expires_after(std::chrono::milliseconds(core::limits::gather_ms));
        }
        co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }

  private:
    boost::asio::steady_timer timer_;
};

} // namespace agent::listen
