#include "app/line_input.hpp"

#include <limits>

namespace agent::app {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

LineInput::LineInput(std::istream& in, std::size_t max_line_bytes)
    : in_(in),
      room_(max_line_bytes + 1),
      line_(std::make_unique_for_overwrite<char[]>(room_)) {} // NOLINT(*-avoid-c-arrays)

bool LineInput::next() {
    text_ = {};
    is_too_long_ = false;
    in_.getline(line_.get(), static_cast<std::streamsize>(room_));
    auto size = static_cast<std::size_t>(in_.gcount());
    if (in_.bad() || (in_.eof() && size == 0)) return false;
    ++number_;
    if (in_.fail()) { // no room for the rest of the line
        is_too_long_ = true;
        in_.clear();
        in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        return true;
    }
    if (!in_.eof()) --size; // the line feed counts
    text_ = trimmed({line_.get(), size});
    return true;
}

} // namespace agent::app
