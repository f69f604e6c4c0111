// A runner whose jobs wait until the test says so, in the two steps that they have in life: the job, which is the
// runner's thread, and then `done`, which is the logic's. A job may be over long before its `done` is called, and the
// next job may run in between; the order of either is kept.
#pragma once

#include "core/runner.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace agent::test {

class ManualRunner final : public core::Runner {
  public:
    void run(std::function<void()> job, std::function<void()> done) override {
        jobs_.push_back({std::move(job), std::move(done)});
    }

    std::size_t waiting() const { return jobs_.size(); } // jobs that have not run
    std::size_t over() const { return over_.size(); }    // jobs that have run, their `done` not yet called
    bool is_idle() const { return jobs_.empty() && over_.empty(); }

    // The oldest waiting job, without its `done`. Each of these is false where there was nothing to do.
    bool run_job() {
        if (jobs_.empty()) {
            return false;
        }
        auto [job, done] = std::move(jobs_.front());
        jobs_.pop_front();
        job();
        over_.push_back(std::move(done));
        return true;
    }

    // The oldest `done` of those whose job has run.
    bool call_done() {
        if (over_.empty()) {
            return false;
        }
        const auto done = std::move(over_.front());
        over_.pop_front();
        done();
        return true;
    }

    // The next of these: a `done` where one can be called, else a job.
    bool step() { return call_done() || run_job(); }

    // What is oldest, to its end: the `done` of a job that has run, else one job and its `done`.
    bool run_one() { return call_done() || (run_job() && call_done()); }

    // Until nothing is left, what they themselves give to run included; false at the limit: they do not end.
    bool run_all(std::size_t steps_max = 100'000) {
        for (; steps_max != 0; --steps_max) {
            if (!step()) {
                return true;
            }
        }
        return is_idle();
    }

    // As in a crash: what has not run never will, and nobody hears of what has.
    void drop_all() {
        jobs_.clear();
        over_.clear();
    }

  private:
    struct Job {
        std::function<void()> job;
        std::function<void()> done;
    };

    std::deque<Job> jobs_;
    std::deque<std::function<void()>> over_;
};

} // namespace agent::test
