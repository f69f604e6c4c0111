#include "app/shipping_progress.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace agent::app {

namespace {

std::string decimal(double value) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

std::string megabytes(std::uint64_t bytes) {
    return decimal(static_cast<double>(bytes) / 1e6) + " MB";
}

double bytes_a_second(const Shipped& shipped) {
    return static_cast<double>(shipped.acked_bytes) * 1000 /
           static_cast<double>(std::max<std::int64_t>(shipped.elapsed_ms, 1));
}

std::string rate(const Shipped& shipped) {
    return decimal(bytes_a_second(shipped) / 1e6) + " MB/s";
}

} // namespace

std::string progress_line(const Shipped& shipped) {
    std::string line = megabytes(shipped.acked_bytes);
    if (shipped.known_bytes > shipped.acked_bytes) {
        const auto left = static_cast<double>(shipped.known_bytes - shipped.acked_bytes);
        line.append(" of ").append(megabytes(shipped.known_bytes)).append(", ");
        line.append(std::to_string(shipped.acked_bytes * 100 / shipped.known_bytes))
            .append(" %, ")
            .append(rate(shipped));
        if (shipped.acked_bytes != 0) {
            const auto left_s = static_cast<std::uint64_t>(left / bytes_a_second(shipped)) + 1;
            line.append(", ").append(std::to_string(left_s)).append(" s left");
        }
        return line;
    }
    return line.append(", ").append(rate(shipped));
}

std::string summary_line(const Shipped& shipped) {
    return std::to_string(shipped.files) + (shipped.files == 1 ? " file, " : " files, ") +
           std::to_string(shipped.acked_bytes) + " bytes in " + std::to_string(shipped.acked_records) + " records, " +
           decimal(static_cast<double>(shipped.elapsed_ms) / 1000) + " s, " + rate(shipped);
}

} // namespace agent::app
