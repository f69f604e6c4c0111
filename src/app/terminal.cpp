#include "app/terminal.hpp"

#include "mabs/number.hpp"

#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace agent::app {

std::size_t terminal_columns() {
    constexpr std::size_t usual_columns = 80;
    if (isatty(STDOUT_FILENO) == 0) return 0;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char* const columns = std::getenv("COLUMNS"); // NOLINT(concurrency-mt-unsafe): one thread
    std::int64_t value = 0;
    const bool good = columns != nullptr && mabs::parse_integer(columns, value) == mabs::NumberFault::none && value > 0;
    return good ? static_cast<std::size_t>(value) : usual_columns;
}

} // namespace agent::app
