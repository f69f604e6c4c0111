#include "app/shared_options.hpp"

#include "app/name_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <unistd.h>

namespace agent::app {

namespace {

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
    std::array<char, max_plain_name_bytes + 1> name{};
    return gethostname(name.data(), max_plain_name_bytes) == 0 ? std::string(name.data()) : std::string();
}

class SharedCheck {
  public:
    SharedCheck(const SharedFlags& flags, std::vector<std::string>& errors) : flags_(flags), errors_(errors) {}

    SharedOptions check() {
        take_kafka();
        take_topics();
        take_host();
        if (!observe::parse_level(flags_.log_level, options_.log_level)) {
            wrong("--log-level \"" + flags_.log_level + "\": expected error, warning, info or debug");
        }
        return std::move(options_);
    }

  private:
    void wrong(std::string text) { errors_.push_back(std::move(text)); }

    void take_kafka() {
        if (!flags_.brokers.empty() && !is_broker_list(flags_.brokers)) {
            wrong("--brokers \"" + flags_.brokers + "\": expected HOST[:PORT],...");
        }
        options_.brokers = flags_.brokers.empty() ? "localhost:9092" : flags_.brokers;
        for (const auto& text : flags_.properties) {
            const auto equals = text.find('=');
            if (equals == std::string::npos || equals == 0) {
                wrong("-X \"" + text + "\": expected PROPERTY=VALUE");
                continue;
            }
            options_.properties.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
    }

    void take_topics() {
        options_.topics = core::topic_names(flags_.topic_prefix);
        if (!has_topic_characters(flags_.topic_prefix)) {
            wrong("--topic-prefix \"" + flags_.topic_prefix + "\": topics are made of a-z A-Z 0-9 . _ -");
        } else if (!std::ranges::all_of(options_.topics, is_topic_name)) {
            wrong("--topic-prefix: a topic's name would have more than " + std::to_string(max_topic_bytes) + " bytes");
        }
    }

    void take_host() {
        options_.host = flags_.host.empty() ? host_name() : flags_.host;
        if (!is_plain_name(options_.host)) {
            wrong("--host \"" + flags_.host + "\": 1 to " + std::to_string(max_plain_name_bytes) +
                  " bytes of printable UTF-8 without blanks");
        }
    }

    const SharedFlags& flags_;
    std::vector<std::string>& errors_;
    SharedOptions options_;
};

} // namespace

SharedOptions check_shared(const SharedFlags& flags, std::vector<std::string>& errors) {
    return SharedCheck(flags, errors).check();
}

} // namespace agent::app
