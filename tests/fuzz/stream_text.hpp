// A stream of lines from a fuzzer's input. Bytes that never stand in UTF-8 are given a meaning, so that a short input
// reaches what only long streams do: lines over the limit, full batches, replies that pile up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace agent::fuzz {

namespace mark {

// Followed by a byte n.
inline constexpr char more_of_line = '\xFD'; // the line that ended last, n / 4 + 1 times
inline constexpr char more_of_byte = '\xFE'; // the byte before it, 300 (n + 1) times

} // namespace mark

inline constexpr std::size_t max_stream_bytes = 96 * 1024; // a line that is too long, and something around it

// Appends what the mark at the front of `input` stands for and gives how many bytes of the input that took; 0 where
// there is no such mark.
inline std::size_t expand(std::string_view input, std::string& stream) {
    const char mark = input.empty() ? '\0' : input[0];
    if (input.size() < 2 || (mark != mark::more_of_line && mark != mark::more_of_byte)) {
        return 0;
    }
    const auto room = max_stream_bytes - std::min(stream.size(), max_stream_bytes);
    const auto count = static_cast<std::size_t>(static_cast<unsigned char>(input[1])) + 1;
    if (mark == mark::more_of_byte) {
        if (!stream.empty() && 300 * count <= room) {
            stream.append(300 * count, stream.back());
        }
    } else if (const auto end = stream.rfind('\n'); end != std::string::npos) {
        const auto before = end == 0 ? std::string::npos : stream.rfind('\n', end - 1);
        const auto begin = before == std::string::npos ? 0 : before + 1;
        const std::string line = stream.substr(begin, end + 1 - begin);
        for (std::size_t i = 0; i < 1 + (count - 1) / 4 && stream.size() + line.size() <= max_stream_bytes; ++i) {
            stream += line;
        }
    }
    return 2;
}

} // namespace agent::fuzz
