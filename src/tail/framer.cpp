#include "tail/framer.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace agent::tail {

namespace {

constexpr std::size_t length_bytes = 4;

std::uint32_t big_endian(const char* at) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        number = (number << 8) | static_cast<unsigned char>(at[i]);
    }
    return number;
}

constexpr std::size_t none = std::string_view::npos;

std::size_t find_lf(std::string_view bytes, std::size_t from) {
    const void* const found = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
    return found == nullptr ? none : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

// The text from `from` to `end` as one record, with the LF behind it if there is one; longer ones in parts.
void add_text(std::size_t from, std::size_t end, bool has_lf, std::size_t max_bytes, Cuts& out) {
    while (end - from > max_bytes) {
        out.records.push_back({.at = static_cast<std::uint32_t>(from),
                               .size_bytes = static_cast<std::uint32_t>(max_bytes),
                               .span_bytes = static_cast<std::uint32_t>(max_bytes)});
        from += max_bytes;
    }
    const auto size = static_cast<std::uint32_t>(end - from);
    out.records.push_back(
        {.at = static_cast<std::uint32_t>(from), .size_bytes = size, .span_bytes = size + (has_lf ? 1 : 0)});
    out.used_bytes = end + (has_lf ? 1 : 0);
}

// A record whose end is not there yet: as many whole parts as there are, but never the last byte, because its LF
// belongs to the last part.
void add_parts(std::size_t from, std::size_t end, std::size_t max_bytes, Cuts& out) {
    while (end - from > max_bytes) {
        out.records.push_back({.at = static_cast<std::uint32_t>(from),
                               .size_bytes = static_cast<std::uint32_t>(max_bytes),
                               .span_bytes = static_cast<std::uint32_t>(max_bytes)});
        from += max_bytes;
        out.used_bytes = from;
    }
}

} // namespace

Framer::Framer(const StreamOptions& options) : framing_(options.framing), pack_bytes_(options.pack_bytes) {
    if (framing_ == Framing::multiline) {
        if (auto pattern = LinePattern::compile(options.multiline_start)) { // it was checked before
            pattern_ = *std::move(pattern);
        }
    }
}

bool Framer::begins_record(std::string_view line) const {
    return pattern_ && pattern_->is_in(line.substr(0, pattern_bytes));
}

void Framer::cut(std::string_view bytes, End end, std::uint32_t frame_left, std::size_t max_record_bytes,
                 Cuts& out) const {
    out.records.clear();
    out.used_bytes = 0;
    out.frame_left = 0;
    out.is_impossible = false;
    switch (framing_) {
    case Framing::lines: cut_lines(bytes, end, max_record_bytes, out); break;
    case Framing::multiline: cut_multiline(bytes, end, max_record_bytes, out); break;
    case Framing::frames: cut_frames(bytes, frame_left, max_record_bytes, out); break;
    }
}

void Framer::cut_lines(std::string_view bytes, End end, std::size_t max_record_bytes, Cuts& out) const {
    const auto pack_bytes = std::min(pack_bytes_, max_record_bytes);
    std::size_t begin = 0;   // of the record
    std::size_t last = none; // the LF of the last line that is in it
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto lf = find_lf(bytes, at);
        if (lf == none) {
            break;
        }
        if (last != none && lf - begin > pack_bytes) { // this line does not fit any more
            add_text(begin, last, true, max_record_bytes, out);
            begin = last + 1;
        }
        last = lf;
        at = lf + 1;
        if (lf - begin >= pack_bytes) { // always where nothing is packed
            add_text(begin, lf, true, max_record_bytes, out);
            begin = at;
            last = none;
        }
    }
    if (last != none) {
        add_text(begin, last, true, max_record_bytes, out);
        begin = last + 1;
    }
    if (end == End::final && begin < bytes.size()) {
        add_text(begin, bytes.size(), false, max_record_bytes, out);
    } else {
        add_parts(begin, bytes.size(), max_record_bytes, out);
    }
}

void Framer::cut_multiline(std::string_view bytes, End end, std::size_t max_record_bytes, Cuts& out) const {
    const auto pack_bytes = std::min(pack_bytes_, max_record_bytes);
    std::size_t begin = 0;         // of what is gathered: whole records that are packed, then the one that is open
    std::size_t packed_end = none; // the LF of the last whole record that is gathered
    std::size_t last = none;       // the LF of the last line
    const auto flush = [&](std::size_t lf) {
        add_text(begin, lf, true, max_record_bytes, out);
        begin = lf + 1;
        packed_end = none;
    };
    for (std::size_t at = 0; at < bytes.size();) {
        const auto lf = find_lf(bytes, at);
        if (lf == none) {
            break;
        }
        if (last != none && begins_record(bytes.substr(at, lf - at))) { // the record ends at `last`
            if (packed_end != none && last - begin > pack_bytes) {
                flush(packed_end);
            }
            packed_end = last;
            if (last - begin >= pack_bytes) {
                flush(last);
            }
        }
        last = lf;
        at = lf + 1;
    }
    if (packed_end != none) {
        flush(packed_end);
    }
    if (end != End::open && last != none && last >= begin) {
        flush(last);
        last = none;
    }
    if (end == End::final && begin < bytes.size()) {
        add_text(begin, bytes.size(), false, max_record_bytes, out);
        return;
    }
    auto parts_end = bytes.size();
    if (last != none && last >= begin && bytes.size() - begin > max_record_bytes) {
        const auto open_line = bytes.substr(last + 1);
        if (begins_record(open_line)) {
            flush(last);
        } else if (open_line.size() < pattern_bytes) { // it is not known yet whether it begins the next record
            parts_end = last;
        }
    }
    add_parts(begin, parts_end, max_record_bytes, out);
}

void Framer::cut_frames(std::string_view bytes, std::uint32_t frame_left, std::size_t max_record_bytes,
                        Cuts& out) const {
    const auto pack_bytes = std::min(pack_bytes_, max_record_bytes);
    std::size_t at = 0;
    std::size_t packed_begin = 0; // whole frames with their lengths, not yet a record
    const auto flush = [&] {
        if (packed_begin != at) {
            const auto size = static_cast<std::uint32_t>(at - packed_begin);
            out.records.push_back(
                {.at = static_cast<std::uint32_t>(packed_begin), .size_bytes = size, .span_bytes = size});
        }
        packed_begin = at;
    };
    for (;;) {
        std::size_t header = 0;
        std::size_t left = frame_left;
        if (left == 0) { // a new frame
            if (bytes.size() - at < length_bytes) {
                break;
            }
            header = length_bytes;
            left = big_endian(bytes.data() + at);
            if (left > core::limits::max_log_frame_bytes) {
                out.is_impossible = true;
                break;
            }
            if (pack_bytes != 0 && header + left <= pack_bytes) {
                if (bytes.size() - at < header + left) {
                    break;
                }
                if (at + header + left - packed_begin > pack_bytes) {
                    flush();
                }
                at += header + left;
                continue;
            }
            flush();
        }
        const auto size = std::min(left, max_record_bytes);
        if (bytes.size() - at < header + size) {
            break;
        }
        out.records.push_back({.at = static_cast<std::uint32_t>(at + header),
                               .size_bytes = static_cast<std::uint32_t>(size),
                               .span_bytes = static_cast<std::uint32_t>(header + size)});
        at += header + size;
        packed_begin = at;
        frame_left = static_cast<std::uint32_t>(left - size);
    }
    flush();
    out.used_bytes = at;
    out.frame_left = frame_left;
}

} // namespace agent::tail
