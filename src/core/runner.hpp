// The port to a thread on which blocking work is done, for the rooms that read and write files. The app has one made
// of Asio, tests have one that runs when it is told.
#pragma once

#include <functional>

namespace agent::core {

class Runner {
  public:
    virtual ~Runner() = default;

    // Runs `job` on the runner's thread, after those given before; then `done` on the logic's thread. What they share
    // is handed over: while the job is not done, the logic does not touch it.
    virtual void run(std::function<void()> job, std::function<void()> done) = 0;
};

} // namespace agent::core
