#include "tail/opening.hpp"

#include "tail/tailed_file.hpp"

#include <algorithm>
#include <utility>

namespace agent::tail {

void Opening::run(bool follows) {
    auto opened = open_sibling(base, path, follows);
    if (!opened) {
        error = opened.error().value();
        return;
    }
    at = *std::move(opened);
    const auto size_bytes = at.facts.size_bytes;
    // The original may have been cut short already.
    looks_like_copy =
        original && (looks_like_beginning(*at.file, *original) ||
                     (has_changed(*original, original_form) && common_bytes(*at.file, size_bytes, original_form)));
    const auto found = std::ranges::find_if(candidates, [&](const SavedFile& saved) { return is_same(saved); });
    if (found != candidates.end()) {
        same = static_cast<std::size_t>(found - candidates.begin());
    }
    end_mark.offset = size_bytes;
    std::string last(mark_length(size_bytes), '\0');
    if (const auto size = read_at(at.file->get(), last, size_bytes - last.size()); size && *size == last.size()) {
        end_mark = make_mark(size_bytes, last);
    }
}

bool Opening::is_same(const SavedFile& saved) const {
    return is_same_inode(saved.id, at.facts.id) && !has_changed(*at.file, lost_form(saved));
}

} // namespace agent::tail
