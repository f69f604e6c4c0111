// How the files of a state directory are named; docs/durability.md has the layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agent::journal {

inline constexpr std::string_view records_suffix = ".records";
inline constexpr std::string_view deltas_suffix = ".delta";
inline constexpr std::size_t number_digits = 20; // so that names sort as numbers do

std::string file_name(std::uint64_t number, std::string_view suffix);

// The number in such a name; none of any other.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix);

} // namespace agent::journal
