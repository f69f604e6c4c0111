// Measures how long the event loop is busy at a stretch. Handlers say that they begin; the first one since the loop
// slept posts a marker behind all that is ready now. The loop looks at its poller once before it comes to the marker:
// there one stretch ends, and the next begins unless nothing happened but the marker. Costs two clocks and a post a
// stretch, nothing a handler. One thread (that of the io_context, which outlives it).
#pragma once

#include "listen/loop_watch.hpp"
#include "observe/busy_histogram.hpp"

#include <cstdint>

#include <boost/asio/io_context.hpp>

namespace agent::app {

class LoopMeter final : public listen::LoopWatch {
  public:
    explicit LoopMeter(boost::asio::io_context& io) : io_(io) {}

    void handler_begins() override {
        has_worked_ = true;
        if (!is_measuring_) {
            begin();
        }
    }

    bool is_late() const override;

    const observe::BusyHistogram& histogram() const { return histogram_; }

  private:
    void begin();
    void post_marker();
    void end_stretch();

    boost::asio::io_context& io_;
    observe::BusyHistogram histogram_;
    std::int64_t begin_wall_ns_ = 0;
    std::int64_t begin_cpu_ns_ = 0;
    bool is_measuring_ = false;
    bool has_worked_ = false; // in this stretch
};

} // namespace agent::app
