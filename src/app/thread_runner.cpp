#include "app/thread_runner.hpp"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace agent::app {

ThreadRunner::~ThreadRunner() {
    thread_.stop(); // else join() would wait for all jobs
    thread_.join();
}

void ThreadRunner::run(std::function<void()> job, std::function<void()> done) {
    ++unfinished_;
    boost::asio::post(thread_, [this, loop = boost::asio::make_work_guard(io_), job = std::move(job),
                                done = std::move(done)]() mutable {
        job();
        --unfinished_;
        job = nullptr; // what it holds is not the logic's any more when `done` runs
        boost::asio::post(loop.get_executor(), std::move(done));
    });
}

} // namespace agent::app
