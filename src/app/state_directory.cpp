#include "app/state_directory.hpp"

#include "app/thread_runner.hpp"
#include "journal/posix_file_system.hpp"

#include <string>

namespace agent::app {

struct StateDirectory::Parts {
    Parts(boost::asio::io_context& io, const RunOptions& options, journal::Outbox& outbox, const core::Clock& clock)
        : directory(options.state_dir),
          writer(io),
          syncer(io),
          reader(io),
          journal(files, {writer, syncer, reader},
                  {options.state_dir, options.max_bytes, options.fsync, options.resolution_ms}, outbox, clock, [this] {
                      if (driver != nullptr) {
                          driver->wake();
                      }
                  }) {}

    std::string directory;
    journal::PosixFileSystem files;
    JournalDriver* driver = nullptr;
    journal::Damage logged;
    ThreadRunner writer;
    ThreadRunner syncer;
    ThreadRunner reader;
    journal::Journal journal;
};

StateDirectory::StateDirectory(boost::asio::io_context& io, const RunOptions& options, journal::Outbox& outbox,
                               const core::Clock& clock)
    : parts_(options.state_dir.empty() ? nullptr : std::make_unique<Parts>(io, options, outbox, clock)) {}

StateDirectory::~StateDirectory() = default;

boost::system::result<void, std::string> StateDirectory::open() {
    return parts_ == nullptr ? boost::system::result<void, std::string>() : parts_->journal.open();
}

void StateDirectory::replay(aggregate::Aggregator& aggregator, JournalDriver& driver, observe::Log& log) {
    if (parts_ == nullptr) {
        return;
    }
    parts_->driver = &driver;
    auto restorer = aggregator.restorer();
    parts_->journal.replay(restorer);
    log_damage(log);
}

void StateDirectory::log_damage(observe::Log& log) {
    if (parts_ == nullptr || parts_->journal.damage() == parts_->logged) {
        return;
    }
    const auto& damage = parts_->logged = parts_->journal.damage();
    log.error("state directory " + parts_->directory + ": " + std::to_string(damage.places) +
              " damaged places skipped, " + std::to_string(damage.bytes) + " bytes there; " +
              std::to_string(damage.set_aside_files) + " files moved to set-aside, " +
              std::to_string(damage.read_failures) + " failures to read");
}

journal::Journal* StateDirectory::journal() {
    return parts_ == nullptr ? nullptr : &parts_->journal;
}

journal::DeltaSink* StateDirectory::deltas() {
    return parts_ == nullptr ? nullptr : &parts_->journal.deltas();
}

bool StateDirectory::is_quiet() const {
    return parts_ == nullptr || parts_->journal.is_quiet();
}

} // namespace agent::app
