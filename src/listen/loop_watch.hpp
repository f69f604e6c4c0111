// The port through which somebody measures how long the event loop is busy at a stretch, and
// says so. listen owns it. One thread.
#pragma once

namespace agent::listen {

class LoopWatch {
  public:
    virtual ~LoopWatch() = default;

    // A handler of the loop begins to work. Called for every wake-up, so it has to be cheap.
    virtual void handler_begins() = 0;

    // Whether the loop has been busy for so long (core::limits::stretch_ms) that it had better look at its poller:
    // whoever has had a turn lets the others go first.
    virtual bool is_late() const = 0;
};

} // namespace agent::listen
