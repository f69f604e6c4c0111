// The log: one line a message on standard error. Under systemd (JOURNAL_STREAM is set) with the level's number in front
// as sd-daemon(3) has it, elsewhere with the time. A message that comes again within repeat_ms is not written but
// counted, and the count stands behind it when it is written next. Nothing on the way of a line logs. One thread.
#pragma once

#include "core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace agent::observe {

enum class Level : std::uint8_t { error, warning, info, debug };

// The words of --log-level; false where the word is none.
bool parse_level(std::string_view word, Level& out);

class Log {
  public:
    static constexpr std::int64_t repeat_ms = 10'000;
    static constexpr std::size_t max_remembered = 256; // different messages; when there are more, all are forgotten

    // The clock outlives the log. The descriptor stays the caller's.
    Log(Level level, const core::Clock& clock, bool for_systemd, int fd = 2);

    void error(std::string_view text) { write(Level::error, text); }
    void warning(std::string_view text) { write(Level::warning, text); }
    void info(std::string_view text) { write(Level::info, text); }
    void debug(std::string_view text) { write(Level::debug, text); }
    void write(Level level, std::string_view text);

    // At any level, and never taken for a repetition: what scripts and people wait for.
    void announce(std::string_view text) { put(Level::info, text, 0); }

  private:
    struct Repeat {
        std::int64_t written_ms = 0;
        std::uint64_t suppressed = 0;
    };

    void put(Level level, std::string_view text, std::uint64_t suppressed);
    bool is_repeated(std::string_view text, std::uint64_t& suppressed);

    Level level_;
    const core::Clock& clock_;
    bool for_systemd_;
    int fd_;
    std::unordered_map<std::string, Repeat> seen_;
};

} // namespace agent::observe
