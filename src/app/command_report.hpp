// How the commands that read standard input tell what went wrong, on standard error.
#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

namespace agent::app {

inline void report(std::ostream& err, std::string_view text) {
    err << "metrics-agent: " << text << '\n';
}

inline void report_line(std::ostream& err, std::size_t line_number, std::string_view text) {
    err << "metrics-agent: line " << line_number << ": " << text << '\n';
}

} // namespace agent::app
