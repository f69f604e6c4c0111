#include "app/loop_meter.hpp"

#include "core/limits.hpp"

#include <ctime>

#include <boost/asio/post.hpp>

namespace agent::app {

namespace {

std::int64_t now_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

} // namespace

void LoopMeter::begin() {
    is_measuring_ = true;
    begin_wall_ns_ = now_ns(CLOCK_MONOTONIC);
    begin_cpu_ns_ = now_ns(CLOCK_THREAD_CPUTIME_ID);
    post_marker();
}

bool LoopMeter::is_late() const {
    return is_measuring_ &&
           now_ns(CLOCK_MONOTONIC) - begin_wall_ns_ > core::limits::stretch_ms * std::int64_t{1'000'000};
}

void LoopMeter::post_marker() {
    boost::asio::post(io_, [this] { end_stretch(); });
}

void LoopMeter::end_stretch() {
    if (!has_worked_) { // the loop goes to sleep, or has little to do for others
        is_measuring_ = false;
        return;
    }
    const auto wall_ns = now_ns(CLOCK_MONOTONIC);
    const auto cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
    histogram_.add(wall_ns - begin_wall_ns_, cpu_ns - begin_cpu_ns_);
    begin_wall_ns_ = wall_ns;
    begin_cpu_ns_ = cpu_ns;
    has_worked_ = false;
    post_marker();
}

} // namespace agent::app
