// How commands tell what went wrong, on standard error.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace agent::app {

inline void report(std::ostream& err, std::string_view text) {
    err << "metrics-agent: " << text << '\n';
}

inline void report_line(std::ostream& err, std::size_t line_number, std::string_view text) {
    err << "metrics-agent: line " << line_number << ": " << text << '\n';
}

// The command line or the configuration: all that is wrong with it.
inline void report_usage(std::ostream& err, const std::vector<std::string>& errors) {
    for (const auto& error : errors) {
        report(err, error);
    }
}

} // namespace agent::app
