#include "observe/log.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include <unistd.h>

namespace agent::observe {

namespace {

constexpr std::array<std::string_view, 4> words{"error", "warning", "info", "debug"};
constexpr std::array<char, 4> systemd_numbers{'3', '4', '6', '7'};

// "2026-11-21T21:50:52.123Z"
std::string utc_text(std::int64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(unix_ms % 1000));
    return std::string(text.data(), size) + fraction.data();
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written <= 0) {
            return; // nowhere left to complain
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

bool parse_level(std::string_view word, Level& out) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == word) {
            out = static_cast<Level>(i);
            return true;
        }
    }
    return false;
}

Log::Log(Level level, const core::Clock& clock, bool for_systemd, int fd)
    : level_(level), clock_(clock), for_systemd_(for_systemd), fd_(fd) {}

void Log::write(Level level, std::string_view text) {
    std::uint64_t suppressed = 0;
    if (level > level_ || is_repeated(text, suppressed)) {
        return;
    }
    put(level, text, suppressed);
}

void Log::put(Level level, std::string_view text, std::uint64_t suppressed) {
    const auto number = static_cast<std::size_t>(level);
    std::string line;
    if (for_systemd_) {
        line.append("<").append(1, systemd_numbers[number]).append(">");
    } else {
        line.append(utc_text(clock_.unix_ms())).append(" ").append(words[number]).append(" ");
    }
    for (const char c : text) { // one message, one line
        line.push_back(c == '\n' ? ' ' : c);
    }
    if (suppressed != 0) {
        line.append(" (and ").append(std::to_string(suppressed)).append(" times more since)");
    }
    line.push_back('\n');
    write_all(fd_, line);
}

bool Log::is_repeated(std::string_view text, std::uint64_t& suppressed) {
    if (seen_.size() >= max_remembered) {
        seen_.clear();
    }
    const auto now = clock_.steady_ms();
    const auto [entry, is_new] = seen_.try_emplace(std::string(text));
    if (!is_new && now - entry->second.written_ms < repeat_ms) {
        ++entry->second.suppressed;
        return true;
    }
    suppressed = entry->second.suppressed;
    entry->second = {now, 0};
    return false;
}

} // namespace agent::observe
