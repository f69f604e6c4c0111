#include "listen/unfinished_lines.hpp"

#include <cassert>
#include <utility>

namespace agent::listen {

namespace limits = core::limits;

static_assert(limits::max_unfinished_bytes >= 4 * limits::max_line_bytes); // one alone always fits

void UnfinishedLines::make_room() {
    while (stats_.unfinished_bytes > limits::max_unfinished_bytes) {
        assert(!long_ones_.empty());
        ++stats_.given_up_lines;
        auto& oldest = *long_ones_.front();
        oldest.release();
        oldest.is_given_up_ = true;
    }
}

UnfinishedLine::~UnfinishedLine() {
    release();
}

void UnfinishedLine::append(std::string_view more) {
    text_.append(more);
    charge();
    all_.make_room();
}

void UnfinishedLine::assign(std::string_view text) {
    release();
    text_.assign(text);
    charge();
    all_.make_room();
}

bool UnfinishedLine::take_given_up() {
    return std::exchange(is_given_up_, false);
}

// By what the text takes of memory, which is up to twice its length.
void UnfinishedLine::charge() {
    if (text_.capacity() <= limits::short_unfinished_bytes) {
        return;
    }
    if (charged_bytes_ == 0) {
        place_ = all_.long_ones_.insert(all_.long_ones_.end(), this);
    }
    all_.stats_.unfinished_bytes += text_.capacity() - charged_bytes_;
    charged_bytes_ = text_.capacity();
}

// Keeps the memory of a short text: the next one is short, too.
void UnfinishedLine::release() {
    if (charged_bytes_ == 0) {
        text_.clear();
        return;
    }
    std::string().swap(text_); // assigning an empty one would keep the memory
    all_.stats_.unfinished_bytes -= std::exchange(charged_bytes_, 0);
    all_.long_ones_.erase(place_);
}

} // namespace agent::listen
