// A pattern that whole metric names are matched against.
//
// - `*`: any run of characters, also none
// - `?`: one character
// - `[abc]`: one of these ASCII characters; `[a-z]`: ranges; `[!abc]` or `[^abc]`: one character that is none of them,
//   which may be any of Unicode. A `]` that stands first, and a `-` that stands first or last, are themselves: `[*]` is
//   how to write a star that is one
// - others: themselves, as bytes; blank , = { } " \ and control characters stand in no metric and are errors
//
// Matching goes through the name once and carries the set of all places of the pattern at which it may be, one bit each
// (Baeza-Yates and Gonnet, 1992): at most 4 machine words a byte, whatever pattern and name are. A compiled pattern
// takes 2 KB for each 64 characters. Nothing is allocated by matching. Any thread.
#pragma once

#include "core/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::aggregate {

enum class GlobFault : std::uint8_t {
    empty,
    too_long,           // more than core::limits::max_glob_bytes
    not_in_names,       // a character that no metric has
    invalid_utf8,       //
    unclosed_class,     // a [ without its ]
    not_ascii_in_class, //
    reversed_range,     // [z-a]
};

struct GlobError {
    GlobFault fault{};
    std::size_t offset = 0; // bytes from the beginning of the pattern

    // "byte 3: ..."
    [[nodiscard]] std::string message() const;
};

class MetricGlob {
  public:
    static boost::system::result<MetricGlob, GlobError> compile(std::string_view text);

    [[nodiscard]] bool matches(std::string_view metric) const;

    // What a byte of a name may cost: machine words stepped; 0 where comparing a prefix does.
    [[nodiscard]] std::size_t words_a_byte() const { return is_prefix_ ? 0 : words_; }

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    static constexpr std::size_t max_words = core::limits::max_glob_bytes / 64 + 1;
    using Places = std::array<std::uint64_t, max_words>; // bit i: the first i elements have been matched

    friend class GlobCompiler;
    MetricGlob() = default;

    std::string text_;
    std::string prefix_;               // what every name begins with
    bool is_prefix_ = false;           // and nothing else is asked
    std::size_t words_ = 1;            // in use of each Places
    std::size_t elements_ = 0;         // stars not counted
    std::vector<std::uint64_t> steps_; // [byte][word]: the places whose next element takes the byte
    Places stars_{};                   // the places that any byte may follow
    Places in_character_{};            // the places behind a whole character, whose further bytes may follow
};

} // namespace agent::aggregate
