// The journal with its threads and the disk, where there is a state directory; without one there is none of it.
#pragma once

#include "aggregate/aggregator.hpp"
#include "app/journal_driver.hpp"
#include "app/run_options.hpp"
#include "core/clock.hpp"
#include "journal/journal.hpp"
#include "journal/outbox.hpp"
#include "observe/log.hpp"

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>

namespace agent::app {

class StateDirectory {
  public:
    // All outlive it.
    StateDirectory(boost::asio::io_context& io, const RunOptions& options, journal::Outbox& outbox,
                   const core::Clock& clock);
    ~StateDirectory();

    // Locks it and takes up what is there.
    boost::system::result<void, std::string> open();

    // What was open goes on in the aggregator; from now on the driver hears of the journal's progress. Says what was
    // found.
    void replay(aggregate::Aggregator& aggregator, JournalDriver& driver, observe::Log& log);

    // What has been found damaged since it was last said, in all.
    void log_damage(observe::Log& log);

    // None without a state directory.
    journal::Journal* journal();
    journal::DeltaSink* deltas();

    // No thread is at work for it.
    bool is_quiet() const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_; // none without a state directory
};

} // namespace agent::app
