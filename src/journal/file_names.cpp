#include "journal/file_names.hpp"

#include <charconv>

namespace agent::journal {

std::string file_name(std::uint64_t number, std::string_view suffix) {
    const auto digits = std::to_string(number);
    return std::string(number_digits - digits.size(), '0').append(digits).append(suffix);
}

std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix) {
    if (name.size() != number_digits + suffix.size() || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    const auto* const end = name.data() + number_digits;
    const auto [stopped, failed] = std::from_chars(name.data(), end, number);
    return failed == std::errc{} && stopped == end ? std::optional(number) : std::nullopt;
}

} // namespace agent::journal
