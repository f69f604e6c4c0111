// Lines of a stream, for commands that read standard input. Blanks around a line and a CR at its end do not count.
// Blocks while it waits for input; holds one line at a time, whatever the stream's length.
#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <string_view>

namespace agent::app {

// The agent takes lines of 64 KiB at most; this is far beyond any digest that somebody would send.
inline constexpr std::size_t max_input_line_bytes = 16 * 1024 * 1024;

// To be said where is_too_long().
inline constexpr std::string_view too_long_line = "line_too_long: line is longer than 16 MiB";

class LineInput {
  public:
    explicit LineInput(std::istream& in, std::size_t max_line_bytes = max_input_line_bytes);

    // Goes to the next line, of which text() is valid until the next call. False at the end, or if reading failed.
    bool next();

    [[nodiscard]] std::size_t number() const { return number_; } // from 1
    [[nodiscard]] std::string_view text() const { return text_; }
    // It had more bytes than are held; text() is empty.
    [[nodiscard]] bool is_too_long() const { return is_too_long_; }
    // The end came because the stream could not be read.
    [[nodiscard]] bool failed() const { return in_.bad(); }

  private:
    std::istream& in_;
    std::size_t room_;
    std::unique_ptr<char[]> line_; // NOLINT(*-avoid-c-arrays): untouched pages cost nothing
    std::string_view text_;
    std::size_t number_ = 0;
    bool is_too_long_ = false;
};

} // namespace agent::app
