#include "tail/file_identity.hpp"

#include <algorithm>

namespace agent::tail {

namespace {

constexpr std::int64_t keep_apart_ms = 200;
constexpr std::uint64_t keep_apart_bytes = 1 << 20;

} // namespace

std::uint64_t content_hash(std::string_view bytes) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char byte : bytes) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
    }
    return hash;
}

Mark make_mark(std::uint64_t offset, std::string_view bytes_before) {
    const auto length = mark_length(offset);
    return {.offset = offset, .hash = content_hash(bytes_before.substr(bytes_before.size() - length))};
}

void Marks::add(const Mark& mark, std::int64_t steady_ms) {
    while (!marks_.empty() && marks_.back().offset >= mark.offset) {
        marks_.pop_back();
    }
    // The last one is where reading has got to. It stays when it is far enough from the one before.
    if (marks_.size() >= 2) {
        const auto& last = marks_.back();
        const auto& before = marks_[marks_.size() - 2];
        if (last.offset - before.offset < keep_apart_bytes && steady_ms - kept_ms_ < keep_apart_ms) {
            marks_.pop_back();
        } else {
            kept_ms_ = steady_ms;
        }
    } else {
        kept_ms_ = steady_ms;
    }
    if (marks_.size() == max_marks) {
        marks_.erase(marks_.begin());
    }
    marks_.push_back(mark);
}

const Mark* Marks::at(std::uint64_t offset) const {
    const auto found = std::ranges::find(marks_, offset, &Mark::offset);
    return found == marks_.end() ? nullptr : &*found;
}

} // namespace agent::tail
