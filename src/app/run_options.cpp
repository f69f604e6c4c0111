#include "app/run_options.hpp"

#include "app/config_file.hpp"
#include "app/default_state_dir.hpp"
#include "listen/address.hpp"
#include "mabs/line_error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace agent::app {

namespace {

constexpr double min_interval_s = 0.01;
constexpr double max_flush_interval_s = 3600;
constexpr double max_resolution_s = 24 * 3600;
constexpr std::size_t max_max_series = 100'000'000;
constexpr std::size_t words_a_byte_of_reading = 8; // of a denylist, cost about as much as reading a line

} // namespace

class RunFinalizer {
  public:
    explicit RunFinalizer(const RunFlags& flags) : flags_(flags) {}

    boost::system::result<RunOptions, std::vector<std::string>> finalize() {
        take_listen();
        take_output();
        static_cast<SharedOptions&>(options_) = check_shared(flags_, errors_);
        take_numbers();
        take_state();
        take_deny();
        take_config();
        if (!errors_.empty()) {
            return {boost::system::in_place_error, std::move(errors_)};
        }
        return std::move(options_);
    }

  private:
    void wrong(std::string text) { errors_.push_back(std::move(text)); }

    void take_listen() {
        const auto defaults = std::vector<std::string>{"localhost:18126"};
        for (const auto& text : flags_.listen.empty() ? defaults : flags_.listen) {
            auto parsed = listen::parse_tcp_address(text);
            if (!parsed) {
                wrong("--listen " + parsed.error());
                continue;
            }
            for (auto& address : *parsed) {
                if (!address.is_loopback && !flags_.allow_remote) {
                    wrong("--listen \"" + text +
                          "\": not a loopback address: every host that reaches it could send; say --allow-remote if "
                          "that is what you want");
                    continue;
                }
                options_.listen.tcp.push_back(std::move(address));
            }
        }
        options_.listen.unix_paths = flags_.listen_unix;
    }

    void take_output() {
        if (static_cast<int>(!flags_.brokers.empty()) + static_cast<int>(flags_.embedded_broker) +
                static_cast<int>(flags_.to_stdout) >
            1) {
            wrong("--brokers, --embedded-broker and --stdout: only one of them");
        }
        options_.output = flags_.embedded_broker ? OutputKind::embedded_broker
                          : flags_.to_stdout     ? OutputKind::standard_output
                                                 : OutputKind::kafka;
    }

    std::int64_t seconds(const char* flag, double value_s, double max_s) {
        if (!(value_s >= min_interval_s && value_s <= max_s)) {
            wrong(std::string(flag) + ": expected seconds from 0.01 to " + std::to_string(std::llround(max_s)));
            return 0;
        }
        return std::llround(value_s * 1000);
    }

    void take_numbers() {
        options_.flush_interval_ms = seconds("--flush-interval", flags_.flush_interval_s, max_flush_interval_s);
        options_.resolution_ms = seconds("--resolution", flags_.resolution_s, max_resolution_s);
        options_.max_series = flags_.max_series;
        if (flags_.max_series == 0 || flags_.max_series > max_max_series) {
            wrong("--max-series: expected a number from 1 to " + std::to_string(max_max_series));
        }
    }

    void take_state() {
        if (flags_.no_state && !flags_.state_dir.empty()) {
            wrong("--no-state, --state-dir: only one of them");
        }
        const bool is_demo = flags_.embedded_broker && flags_.state_dir.empty(); // what it takes ends with the process
        if (!flags_.no_state && !is_demo) {
            options_.state_dir = state_dir_or_default(flags_.state_dir);
            if (options_.state_dir.empty()) {
                wrong(
                    "no state directory: neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set; say --state-dir, "
                    "or --no-state to keep everything in memory");
            }
        }
        constexpr std::array<std::pair<std::string_view, journal::Fsync>, 3> modes{
            {{"interval", journal::Fsync::interval},
             {"always", journal::Fsync::always},
             {"never", journal::Fsync::never}}};
        const auto* const mode = std::ranges::find(modes, flags_.fsync, &decltype(modes)::value_type::first);
        if (mode == modes.end()) {
            wrong("--fsync \"" + flags_.fsync + "\": expected interval, always or never");
        } else {
            options_.fsync = mode->second;
        }
        options_.max_bytes = flags_.max_bytes;
        if (flags_.max_bytes < core::limits::least_journal_bytes) {
            wrong("--max-bytes: expected a number from " + std::to_string(core::limits::least_journal_bytes));
        }
    }

    void take_deny() {
        if (flags_.deny.size() > core::limits::max_deny_globs) {
            wrong("--deny: " + std::to_string(flags_.deny.size()) + " globs, at most " +
                  std::to_string(core::limits::max_deny_globs));
            return;
        }
        for (const auto& text : flags_.deny) {
            auto glob = aggregate::MetricGlob::compile(text);
            if (glob) {
                options_.deny.add(*std::move(glob));
                continue;
            }
            std::string quoted;
            mabs::append_quoted(quoted, text);
            wrong("--deny " + quoted + ": " + glob.error().message());
        }
        // What is read at once is worked on at once: with many globs it has to be less.
        options_.listen.read_bytes =
            std::max(core::limits::least_read_bytes,
                     core::limits::read_chunk_bytes / (1 + options_.deny.words_a_byte() / words_a_byte_of_reading));
    }

    void take_config() {
        if (flags_.config.empty()) {
            return;
        }
        auto config = read_config(flags_.config, options_.topics);
        if (config) {
            options_.logs = std::move(config->logs);
            return;
        }
        for (auto& error : config.error()) {
            wrong(std::move(error));
        }
    }

    const RunFlags& flags_;
    RunOptions options_;
    std::vector<std::string> errors_;
};

boost::system::result<RunOptions, std::vector<std::string>> finalize(const RunFlags& flags) {
    return RunFinalizer(flags).finalize();
}

} // namespace agent::app
