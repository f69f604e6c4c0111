#include "app/caret.hpp"

#include "mabs/shown_character.hpp"
#include "mabs/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace agent::app {

namespace {

constexpr std::string_view indent = "  ";
constexpr std::string_view cut_mark = "...";
constexpr std::size_t least_columns = 20;
constexpr std::size_t most_bytes_aside = 2048; // looked at on either side of the place
constexpr std::size_t escape_columns = 4;      // \xNN

// One character, or one byte that is none, as it is shown.
struct Piece {
    std::string_view bytes;
    std::size_t columns = 0;
    bool is_escaped = false;
};

struct Range {
    char32_t first;
    char32_t last;
};

// What terminals draw two columns wide: the blocks of East Asian Wide and Fullwidth characters (UAX #11), and emoji.
constexpr std::array<Range, 15> wide{{{0x1100, 0x115F},
                                      {0x231A, 0x231B},
                                      {0x23E9, 0x23EC},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x4DBF},
                                      {0x4E00, 0xA4CF},
                                      {0xA960, 0xA97C},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1F64F},
                                      {0x1F680, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

// Marks that are drawn over the character before them.
constexpr std::array<Range, 8> combining{{{0x0300, 0x036F},
                                          {0x0483, 0x0489},
                                          {0x0591, 0x05BD},
                                          {0x064B, 0x065F},
                                          {0x1AB0, 0x1AFF},
                                          {0x20D0, 0x20FF},
                                          {0xFE00, 0xFE0F},
                                          {0xFE20, 0xFE2F}}};

bool is_in(std::span<const Range> ranges, char32_t character) {
    return std::ranges::any_of(
        ranges, [character](const Range& range) { return character >= range.first && character <= range.last; });
}

Piece first_piece(std::string_view text) {
    if (text[0] == '\t') {
        return {text.substr(0, 1), 1, false};
    }
    const auto [length, is_escaped, character] = mabs::first_shown(text);
    const auto bytes = text.substr(0, length);
    if (is_escaped) {
        return {bytes, length * escape_columns, true};
    }
    return {bytes, is_in(wide, character) ? 2U : is_in(combining, character) ? 0U : 1U, false};
}

void append_piece(std::string& out, const Piece& piece) {
    if (piece.is_escaped) {
        mabs::append_escaped(out, piece.bytes);
    } else {
        out.append(piece.bytes == "\t" ? " " : piece.bytes);
    }
}

// Which pieces are shown: [begin, end) around `at`, so that they fit, with room for the marks of what is cut off.
class Window {
  public:
    Window(std::span<const Piece> pieces, std::size_t at, std::size_t columns, bool is_cut_left, bool is_cut_right)
        : pieces_(pieces), begin_(at), end_(at) {
        std::size_t total = 0;
        for (const auto& piece : pieces) {
            total += piece.columns;
        }
        if (total <= columns && !is_cut_left && !is_cut_right) {
            begin_ = 0;
            end_ = pieces.size();
            return;
        }
        room_ = columns - 2 * cut_mark.size();
        const auto left_share = room_ / 2;
        while (grow_right(left_share)) {
        }
        while (grow_left()) {
        }
        while (grow_right(0)) {
        }
        is_cut_left_ = is_cut_left || begin_ != 0;
        is_cut_right_ = is_cut_right || end_ != pieces.size();
    }

    [[nodiscard]] std::size_t begin() const { return begin_; }
    [[nodiscard]] std::size_t end() const { return end_; }
    [[nodiscard]] bool is_cut_left() const { return is_cut_left_; }
    [[nodiscard]] bool is_cut_right() const { return is_cut_right_; }

  private:
    // Takes in one more piece, if that leaves `rest` columns.
    bool grow_right(std::size_t rest) {
        if (end_ == pieces_.size() || pieces_[end_].columns + rest > room_) {
            return false;
        }
        room_ -= pieces_[end_++].columns;
        return true;
    }

    bool grow_left() {
        if (begin_ == 0 || pieces_[begin_ - 1].columns > room_) {
            return false;
        }
        room_ -= pieces_[--begin_].columns;
        return true;
    }

    std::span<const Piece> pieces_;
    std::size_t begin_;
    std::size_t end_;
    std::size_t room_ = 0;
    bool is_cut_left_ = false;
    bool is_cut_right_ = false;
};

} // namespace

void append_place(std::string& out, std::string_view line, std::size_t offset, std::size_t length,
                  std::size_t columns) {
    offset = std::min(offset, line.size());
    const auto wrong_end = offset + std::min(length, line.size() - offset);
    auto from = offset - std::min(offset, most_bytes_aside);
    for (int i = 0; i < 3 && from != 0 && mabs::is_continuation(line[from]); ++i) { // not in the middle of a character
        ++from;
    }
    const auto to = offset + std::min(line.size() - offset, most_bytes_aside);
    std::vector<Piece> pieces;
    std::size_t at = 0; // the piece that the offset lies in
    for (auto rest = line.substr(from, to - from); !rest.empty();) {
        pieces.push_back(first_piece(rest));
        rest.remove_prefix(pieces.back().bytes.size());
        at += to - rest.size() <= offset ? 1 : 0;
    }
    const auto usable = std::max(columns, least_columns) - indent.size();
    const Window window(pieces, at, usable, from != 0, to != line.size());
    out.append(indent).append(window.is_cut_left() ? cut_mark : "");
    std::size_t before = indent.size() + (window.is_cut_left() ? cut_mark.size() : 0);
    std::size_t below = 0;
    for (auto i = window.begin(); i < window.end(); ++i) {
        append_piece(out, pieces[i]);
        before += i < at ? pieces[i].columns : 0;
        const auto piece_from = static_cast<std::size_t>(pieces[i].bytes.data() - line.data());
        below += i >= at && piece_from < wrong_end ? pieces[i].columns : 0;
    }
    out.append(window.is_cut_right() ? cut_mark : "").append("\n");
    out.append(before, ' ').append("^").append(below > 1 ? below - 1 : 0, '~').append("\n");
}

} // namespace agent::app
