// What a series is, for every room: a type, a metric and its tags sorted by name (byte order). The views point into
// memory of whoever made them and are valid only as long as that says.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace agent::core {

enum class SeriesType : std::uint8_t { counter, gauge, histogram, point };

constexpr std::string_view to_string(SeriesType type) {
    switch (type) {
    case SeriesType::counter: return "counter";
    case SeriesType::gauge: return "gauge";
    case SeriesType::histogram: return "histogram";
    case SeriesType::point: return "point";
    }
    return "";
}

struct Tag {
    std::string_view name;
    std::string_view value; // never empty: an empty value is the same as no such tag

    friend bool operator==(const Tag&, const Tag&) = default;
};

struct SeriesView {
    SeriesType type = SeriesType::counter;
    std::string_view metric;
    std::span<const Tag> tags; // sorted by name, names distinct

    // The part of a by-node series that a host sent carries that host's name in its records; empty elsewhere.
    std::string_view node;
};

} // namespace agent::core
