// A thread of its own for blocking work, made of Asio: jobs run there one after the other in the order given, their
// `done` in the same order as handlers of the io_context, which outlives the runner and does not run out of work while
// a job waits or is under way. run() may be called from the thread of the io_context, and from a job.
//
// Destruction waits for the job that is under way; jobs that have not begun are dropped, and their `done` is never
// called. That of a job which is over may still stand in the io_context's queue: whoever goes on to run the
// io_context keeps alive what it refers to. An owner that wants all its jobs done waits for the last one's `done`.
#pragma once

#include "core/runner.hpp"

#include <atomic>
#include <cstddef>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace agent::app {

class ThreadRunner final : public core::Runner {
  public:
    explicit ThreadRunner(boost::asio::io_context& io) : io_(io) {}
    ~ThreadRunner() override;
    ThreadRunner(const ThreadRunner&) = delete;
    ThreadRunner& operator=(const ThreadRunner&) = delete;

    void run(std::function<void()> job, std::function<void()> done) override;

    // A job waits or is under way.
    bool is_busy() const { return unfinished_ != 0; }

  private:
    boost::asio::io_context& io_;
    std::atomic<std::size_t> unfinished_ = 0;
    boost::asio::thread_pool thread_{1};
};

} // namespace agent::app
