// The tailer with its threads and its place in the event loop. Without streams there is none of it. One thread.
#pragma once

#include "core/clock.hpp"
#include "forward/log_consumer.hpp"
#include "observe/log.hpp"
#include "observe/log_stream.hpp"
#include "tail/stream_options.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>

namespace agent::app {

// The topics of the streams, in their order.
std::vector<std::string> topics_of(const std::vector<tail::StreamOptions>& streams);

class LogShipper {
  public:
    struct Options {
        std::vector<tail::StreamOptions> streams;
        std::string directory;            // for positions; made where it is missing; empty: nothing is kept
        bool is_once = false;             // only what is there now, and only of these files:
        std::vector<std::string> files{}; // absolute paths, and "-"
    };

    // All outlive it.
    LogShipper(boost::asio::io_context& io, Options options, forward::LogConsumer& consumer, const core::Clock& clock,
               observe::Log& log);
    ~LogShipper();
    LogShipper(const LogShipper&) = delete;
    LogShipper& operator=(const LogShipper&) = delete;

    // Takes up the positions; blocks. Or what is wrong, for people.
    boost::system::result<void, std::string> open();

    // From now on the event loop drives it.
    void start();

    // When the consumer may have answers.
    void pump();

    // Reads no more. is_closed(): the positions of what was acknowledged are on the disk.
    void begin_close();
    bool is_closed() const;
    bool has_unanswered() const; // records are with the consumer

    // What was there at the start has been found: what comes now is new.
    bool is_ready() const;

    // Once: everything is acknowledged; how much was refused or could not be read is in the reports.
    bool is_done() const;
    bool has_failed(); // something was named that could not be shipped; says what, if that was not said yet

    // A thread of it is held up by the disk: what it uses must not go.
    bool is_blocked() const;

    // How the streams are; with the paths of up to so many of their files.
    std::vector<observe::LogStream> report(std::size_t files_max) const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_; // none without streams
};

} // namespace agent::app
