#include "tail/opening.hpp"

#include <algorithm>
#include <utility>

namespace agent::tail {

void Opening::run(bool follows) {
    auto opened = open_log_file(base, path, follows);
    if (!opened) {
        error = opened.error().value();
        return;
    }
    const int fd = opened->get();
    const auto facts = facts_of(fd);
    const auto fingerprint = fingerprint_of(fd);
    if (!facts || !fingerprint) {
        error = (facts ? fingerprint.error() : facts.error()).value();
        return;
    }
    at = {.path = path,
          .facts = *facts,
          .file = std::make_shared<const Descriptor>(*std::move(opened)),
          .fingerprint = *fingerprint};
    // The original may have been cut short already.
    looks_like_copy =
        original &&
        (looks_like_beginning(*at.file, *original) ||
         (has_changed(*original, original_form) && common_bytes(*at.file, facts->size_bytes, original_form)));
    const auto found = std::ranges::find_if(candidates, [&](const SavedFile& saved) { return is_same(saved); });
    if (found != candidates.end()) {
        same = static_cast<std::size_t>(found - candidates.begin());
    }
    end_mark.offset = facts->size_bytes;
    std::string last(mark_length(facts->size_bytes), '\0');
    if (const auto size = read_at(fd, last, facts->size_bytes - last.size()); size && *size == last.size()) {
        end_mark = make_mark(facts->size_bytes, last);
    }
}

bool Opening::is_same(const SavedFile& saved) const {
    const int fd = at.file->get();
    if (!is_same_inode(saved.id, at.facts.id) || at.facts.size_bytes < saved.offset ||
        at.facts.size_bytes < saved.fingerprint.length) {
        return false;
    }
    const auto beginning = fingerprint_of(fd, saved.fingerprint.length);
    const auto mark = std::ranges::find(saved.marks, saved.offset, &Mark::offset);
    return beginning && *beginning == saved.fingerprint && (mark == saved.marks.end() || has_mark(fd, *mark));
}

} // namespace agent::tail
