#include "app/log_shipper.hpp"

#include "app/thread_runner.hpp"
#include "core/limits.hpp"
#include "tail/sender.hpp"
#include "tail/tailer.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/resource.h>
#include <unistd.h>

namespace agent::app {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds busy_beat{20};
constexpr std::chrono::milliseconds idle_beat{500};
constexpr std::chrono::milliseconds gather{1};      // changes that come faster are taken together
constexpr std::chrono::milliseconds gather_many{5}; // and when there is much of them, more of them
constexpr std::size_t least_open_files = 16;

// Half of what the process may have: the other half is for connections.
std::size_t open_files_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return core::limits::max_log_files;
    }
    return std::max<std::size_t>(limit.rlim_cur / 2, least_open_files);
}

// Paths as globs are compared with: without `.`, `..` and empty components.
std::vector<std::string> normalized(std::vector<std::string> files) {
    for (auto& path : files) {
        if (path != "-") {
            path = std::filesystem::path(path).lexically_normal();
            path.erase(std::max<std::size_t>(1, path.find_last_not_of('/') + 1));
        }
    }
    return files;
}

std::vector<tail::StreamOptions> with_files(const LogShipper::Options& options) {
    auto streams = options.streams;
    for (const auto& path : options.files) {
        if (path == "-") {
            continue;
        }
        if (auto glob = tail::PathGlob::compile(tail::PathGlob::escape(path))) {
            streams.front().include.push_back(*std::move(glob));
        }
        streams.front().follow_symlinks = true; // whoever typed the name meant the file
    }
    return streams;
}

} // namespace

std::vector<std::string> topics_of(const std::vector<tail::StreamOptions>& streams) {
    std::vector<std::string> topics;
    std::ranges::transform(streams, std::back_inserter(topics), &tail::StreamOptions::topic);
    return topics;
}

struct LogShipper::Parts {
    Parts(asio::io_context& loop, Options given, forward::LogConsumer& consumer, const core::Clock& clock,
          observe::Log& to)
        : io(loop),
          options{.streams = std::move(given.streams),
                  .directory = std::move(given.directory),
                  .is_once = given.is_once,
                  .files = normalized(std::move(given.files))},
          log(to),
          reader(loop),
          saver(loop),
          tailer({.streams = with_files(options),
                  .directory = options.directory,
                  .open_files = open_files_limit(),
                  .is_once = options.is_once},
                 consumer, {.reader = reader, .saver = saver}, clock),
          changes(loop),
          timer(loop) {}

    asio::awaitable<void> watch();
    asio::awaitable<void> beat();
    void say_messages();
    void ship_files();

    asio::io_context& io;
    Options options;
    observe::Log& log;
    ThreadRunner reader;
    ThreadRunner saver;
    tail::Tailer tailer;
    stream_descriptor changes;
    asio::steady_timer timer; // of the beat
    bool is_idle = false;     // the beat is a slow one
    bool has_failed = false;
};

LogShipper::LogShipper(asio::io_context& io, Options options, forward::LogConsumer& consumer, const core::Clock& clock,
                       observe::Log& log)
    : parts_(options.streams.empty() ? nullptr
                                     : std::make_unique<Parts>(io, std::move(options), consumer, clock, log)) {}

LogShipper::~LogShipper() = default;

boost::system::result<void, std::string> LogShipper::open() {
    if (!parts_) {
        return {};
    }
    if (const auto& directory = parts_->options.directory; !directory.empty()) {
        std::error_code error;
        std::filesystem::create_directories(directory, error);
        if (error) {
            return {boost::system::in_place_error, "cannot make " + directory + ": " + error.message()};
        }
    }
    return parts_->tailer.load();
}

void LogShipper::start() {
    if (!parts_) {
        return;
    }
    if (parts_->tailer.watch_fd() >= 0) {
        parts_->changes.assign(dup(parts_->tailer.watch_fd())); // ours to close
        asio::co_spawn(parts_->io, parts_->watch(), asio::detached);
    }
    parts_->ship_files();
    asio::co_spawn(parts_->io, parts_->beat(), asio::detached);
}

void LogShipper::Parts::ship_files() {
    auto& stream = *tailer.streams().front();
    for (const auto& path : options.files) {
        if (path != "-") {
            if (!stream.discovery().names(path)) { // a path that no glob can be made of
                log.error(path + ": no path of a file");
                has_failed = true;
            }
            stream.look_at(path);
            continue;
        }
        const auto facts = tail::facts_of(STDIN_FILENO);
        if (facts) {
            stream.add_pipe(tail::Descriptor(dup(STDIN_FILENO)), "-");
        } else {
            log.error("standard input: " + facts.error().message());
            has_failed = true;
        }
    }
}

asio::awaitable<void> LogShipper::Parts::watch() {
    auto taken = std::chrono::steady_clock::now() - gather;
    for (;;) {
        const auto [stopped] = co_await changes.async_wait(stream_descriptor::wait_read, as_values);
        if (stopped) {
            co_return;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now - taken < gather) {
            asio::steady_timer pause(io, gather);
            co_await pause.async_wait(as_values);
        }
        taken = std::chrono::steady_clock::now();
        const bool is_much = tailer.changed();
        if (is_idle) {
            timer.cancel();
        }
        if (is_much) {
            asio::steady_timer pause(io, gather_many);
            co_await pause.async_wait(as_values);
        }
    }
}

asio::awaitable<void> LogShipper::Parts::beat() {
    for (;;) {
        tailer.beat();
        say_messages();
        is_idle = !tailer.has_work();
        timer.expires_after(is_idle ? idle_beat : busy_beat);
        co_await timer.async_wait(as_values);
    }
}

void LogShipper::Parts::say_messages() {
    for (const auto& message : tailer.take_messages()) {
        log.warning(message);
        has_failed = true;
    }
}

void LogShipper::pump() {
    if (parts_) {
        parts_->tailer.pump();
    }
}

void LogShipper::begin_close() {
    if (parts_) {
        parts_->tailer.begin_close();
    }
}

bool LogShipper::is_closed() const {
    return !parts_ || parts_->tailer.is_closed();
}

bool LogShipper::is_blocked() const {
    return parts_ && (parts_->reader.is_busy() || parts_->saver.is_busy());
}

bool LogShipper::has_unanswered() const {
    return parts_ &&
           std::ranges::any_of(parts_->tailer.streams(), [](const auto& stream) { return stream->has_unanswered(); });
}

bool LogShipper::is_ready() const {
    return !parts_ || parts_->tailer.is_ready();
}

bool LogShipper::is_done() const {
    return !parts_ || parts_->tailer.is_done();
}

bool LogShipper::has_failed() {
    if (!parts_) {
        return false;
    }
    parts_->say_messages();
    return parts_->has_failed;
}

std::vector<observe::LogStream> LogShipper::report(std::size_t files_max) const {
    std::vector<observe::LogStream> all;
    if (!parts_) {
        return all;
    }
    for (const auto& stream : parts_->tailer.streams()) {
        const auto& stats = stream->stats();
        observe::LogStream one{.name = stream->options().name,
                               .topic = stream->options().topic,
                               .files = stream->files().size(),
                               .known_bytes = 0,
                               .read_bytes = stats.read_bytes,
                               .acked_bytes = stats.acked_bytes,
                               .acked_records = stats.acked_records,
                               .lag_bytes = stream->lag_bytes(),
                               .lag_ms = stream->lag_ms(),
                               .read_failures = stats.read_failures,
                               .save_failures = stats.save_failures,
                               .ack_p50_us = stats.ack.quantile_us(0.5),
                               .ack_p99_us = stats.ack.quantile_us(0.99),
                               .skipped = {},
                               .parked = {},
                               .paths = {}};
        for (std::size_t i = 0; i < tail::skip_count; ++i) {
            if (const auto& skipped = stats.skipped[i]; skipped.bytes != 0 || skipped.files != 0) {
                one.skipped.push_back({name_of(static_cast<tail::Skip>(i)), skipped.bytes, skipped.files});
            }
        }
        std::vector<const tail::TailedFile*> files;
        stream->files().for_each([&](const tail::TailedFile& file) {
            one.known_bytes += file.size_bytes;
            files.push_back(&file);
        });
        const auto shown = std::min(files_max, files.size());
        std::ranges::partial_sort(files, files.begin() + static_cast<std::ptrdiff_t>(shown), std::ranges::greater(),
                                  &tail::TailedFile::changed_ms);
        for (std::size_t i = 0; i < shown; ++i) {
            one.paths.emplace_back(files[i]->uid, files[i]->path);
        }
        all.push_back(std::move(one));
    }
    return all;
}

} // namespace agent::app
