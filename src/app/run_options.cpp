#include "app/run_options.hpp"

#include "app/default_state_dir.hpp"
#include "listen/address.hpp"
#include "mabs/line_error.hpp"
#include "mabs/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace agent::app {

namespace {

constexpr double min_interval_s = 0.01;
constexpr double max_flush_interval_s = 3600;
constexpr double max_resolution_s = 24 * 3600;
constexpr std::size_t max_topic_bytes = 249; // Kafka's own limit
constexpr std::size_t max_host_bytes = 255;
constexpr std::size_t max_max_series = 100'000'000;
constexpr std::size_t words_a_byte_of_reading = 8; // of a denylist, cost about as much as reading a line

bool is_topic_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

// [PROTOCOL://]HOST[:PORT], an IPv6 address in brackets
bool is_broker(std::string_view text) {
    if (const auto protocol = text.find("://"); protocol != std::string_view::npos) {
        text.remove_prefix(protocol + 3);
    }
    const auto host = text.substr(0, text.starts_with('[') ? text.find(']') : text.find(':'));
    const auto port = text.substr(host.size() + (text.starts_with('[') && host.size() < text.size() ? 1 : 0));
    unsigned number = 0;
    const auto* const end = port.data() + port.size();
    return !host.empty() && host.find(' ') == std::string_view::npos &&
           (port.empty() ||
            (port.size() > 1 && port[0] == ':' && std::from_chars(port.data() + 1, end, number).ptr == end &&
             number >= 1 && number <= 65535));
}

bool is_broker_list(std::string_view text) {
    for (;;) {
        const auto comma = text.find(',');
        if (!is_broker(text.substr(0, comma))) {
            return false;
        }
        if (comma == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(comma + 1);
    }
}

std::string host_name() {
    std::array<char, max_host_bytes + 1> name{};
    return gethostname(name.data(), max_host_bytes) == 0 ? std::string(name.data()) : std::string();
}

} // namespace

class RunFinalizer {
  public:
    explicit RunFinalizer(const RunFlags& flags) : flags_(flags) {}

    boost::system::result<RunOptions, std::vector<std::string>> finalize() {
        take_listen();
        take_output();
        take_names();
        take_numbers();
        take_state();
        take_deny();
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
        if (!flags_.brokers.empty() && !is_broker_list(flags_.brokers)) {
            wrong("--brokers \"" + flags_.brokers + "\": expected HOST[:PORT],...");
        }
        options_.brokers = flags_.brokers.empty() ? "localhost:9092" : flags_.brokers;
        options_.output = flags_.embedded_broker ? OutputKind::embedded_broker
                          : flags_.to_stdout     ? OutputKind::standard_output
                                                 : OutputKind::kafka;
        for (const auto& text : flags_.properties) {
            const auto equals = text.find('=');
            if (equals == std::string::npos || equals == 0) {
                wrong("-X \"" + text + "\": expected PROPERTY=VALUE");
                continue;
            }
            options_.properties.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
    }

    void take_names() {
        options_.topics = core::topic_names(flags_.topic_prefix);
        const auto longest = std::ranges::max_element(options_.topics, {}, &std::string::size)->size();
        if (!std::ranges::all_of(flags_.topic_prefix, is_topic_character)) {
            wrong("--topic-prefix \"" + flags_.topic_prefix + "\": topics are made of a-z A-Z 0-9 . _ -");
        } else if (longest > max_topic_bytes) {
            wrong("--topic-prefix: a topic's name would have more than " + std::to_string(max_topic_bytes) + " bytes");
        }
        options_.host = flags_.host.empty() ? host_name() : flags_.host;
        if (options_.host.empty() || options_.host.size() > max_host_bytes ||
            options_.host.find(' ') != std::string::npos || mabs::find_bad_character(options_.host)) {
            wrong("--host \"" + flags_.host + "\": 1 to " + std::to_string(max_host_bytes) +
                  " bytes of printable UTF-8 without blanks");
        }
        if (!observe::parse_level(flags_.log_level, options_.log_level)) {
            wrong("--log-level \"" + flags_.log_level + "\": expected error, warning, info or debug");
        }
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

    const RunFlags& flags_;
    RunOptions options_;
    std::vector<std::string> errors_;
};

boost::system::result<RunOptions, std::vector<std::string>> finalize(const RunFlags& flags) {
    return RunFinalizer(flags).finalize();
}

} // namespace agent::app
