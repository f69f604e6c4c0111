// Where jobs and their `done` run, in which order, and what becomes of them when the runner goes. Under the thread
// sanitizer also: that what they share is handed over.
#include "app/thread_runner.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

namespace agent::app {
namespace {

TEST_CASE("a job runs on a thread of its own, its done on the loop's, and the loop waits for both") {
    boost::asio::io_context io{1};
    ThreadRunner runner(io);
    std::thread::id job_thread;
    std::thread::id done_thread;
    std::promise<void> may_end;
    runner.run(
        [&] {
            may_end.get_future().wait();
            job_thread = std::this_thread::get_id();
        },
        [&] { done_thread = std::this_thread::get_id(); });
    boost::asio::post(io, [&] { may_end.set_value(); }); // the loop has nothing else, and goes on
    io.run();
    CHECK(done_thread == std::this_thread::get_id());
    CHECK(job_thread != std::thread::id());
    CHECK(job_thread != std::this_thread::get_id());
}

TEST_CASE("jobs and dones keep their order, one at a time, and hand over what they share") {
    boost::asio::io_context io{1};
    ThreadRunner runner(io);
    constexpr int jobs = 1000;
    std::vector<int> begun;    // the thread's
    std::vector<int> finished; // the loop's
    for (int i = 0; i < jobs; ++i) {
        auto shared = std::make_shared<int>(-1);
        runner.run(
            [&begun, shared, i] {
                begun.push_back(i);
                *shared = i;
            },
            [&finished, shared] { finished.push_back(*shared); });
    }
    io.run();
    std::vector<int> expected(jobs);
    for (int i = 0; i < jobs; ++i) {
        expected[static_cast<std::size_t>(i)] = i;
    }
    CHECK(begun == expected);
    CHECK(finished == expected);
}

TEST_CASE("a done gives the next job") {
    boost::asio::io_context io{1};
    ThreadRunner runner(io);
    int jobs = 0;
    int dones = 0;
    std::function<void()> next = [&] {
        if (++dones < 100) {
            runner.run([&] { ++jobs; }, next);
        }
    };
    runner.run([&] { ++jobs; }, next);
    io.run();
    CHECK(jobs == 100);
    CHECK(dones == 100);
}

TEST_CASE("two runners on one loop do not wait for each other") {
    boost::asio::io_context io{1};
    ThreadRunner slow(io);
    ThreadRunner quick(io);
    std::promise<void> quick_is_over;
    std::vector<int> order;
    slow.run([&] { quick_is_over.get_future().wait(); }, [&] { order.push_back(1); });
    quick.run([] {},
              [&] {
                  order.push_back(2);
                  quick_is_over.set_value();
              });
    io.run();
    CHECK(order == std::vector<int>{2, 1});
}

TEST_CASE("going, the runner waits for the job under way and drops the others") {
    boost::asio::io_context io{1};
    std::promise<void> has_begun;
    std::promise<void> may_end;
    bool is_over = false;
    // Nothing tells when the destructor has stopped the thread, so a few of these may still run; all of them would
    // take ten seconds.
    constexpr int others = 10'000;
    int others_ran = 0;
    int dones = 0;
    const auto held = std::make_shared<int>(0);
    std::optional<ThreadRunner> runner(std::in_place, io);
    runner->run(
        [&] {
            has_begun.set_value();
            may_end.get_future().wait();
            is_over = true;
        },
        [&] { ++dones; });
    for (int i = 0; i < others; ++i) {
        runner->run(
            [&others_ran, held] {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                ++others_ran;
            },
            [&dones, held] { ++dones; });
    }
    has_begun.get_future().wait();

    std::thread releaser([&] { may_end.set_value(); });
    runner.reset();
    CHECK(is_over);
    CHECK(others_ran < others);
    releaser.join();

    io.run(); // not held up by the jobs that were dropped
    CHECK(dones == 1 + others_ran);
    CHECK(held.use_count() == 1); // dropped means gone
}

TEST_CASE("a loop that goes without having run calls no done") {
    int dones = 0;
    const auto held = std::make_shared<int>(0);
    {
        boost::asio::io_context io{1};
        ThreadRunner runner(io);
        std::promise<void> is_over;
        runner.run([] {}, [&dones, held] { ++dones; });
        runner.run([&] { is_over.set_value(); }, [&dones] { ++dones; });
        is_over.get_future().wait();
    }
    CHECK(dones == 0);
    CHECK(held.use_count() == 1);
}

TEST_CASE("what a job holds is let go before its done runs") {
    boost::asio::io_context io{1};
    ThreadRunner runner(io);
    // Slow to go: were it let go later, its done would come first.
    std::atomic<bool> is_gone = false;
    bool was_gone = false;
    std::shared_ptr<int> held(new int(0), [&is_gone](const int* number) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        delete number;
        is_gone = true;
    });
    runner.run([held = std::move(held)] { *held = 1; }, [&] { was_gone = is_gone; });
    io.run();
    CHECK(was_gone);
}

} // namespace
} // namespace agent::app
