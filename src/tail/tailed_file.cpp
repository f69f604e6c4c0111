#include "tail/tailed_file.hpp"

#include <algorithm>

namespace agent::tail {

std::uint64_t TailedFile::unread_bytes() const {
    return size_bytes - std::min(read_offset, size_bytes);
}

void TailedFile::end_in_short_copy() {
    file = nullptr;
    size_bytes = read_offset;
    is_finished = is_short_copy = true;
}

SavedFile saved_form(const TailedFile& file) {
    SavedFile saved{.uid = file.uid,
                    .is_done = file.is_finished && file.is_acked(),
                    .offset = file.acked_offset,
                    .frame_left = file.acked_frame_left,
                    .id = file.id,
                    .fingerprint = file.fingerprint,
                    .marks = {},
                    .seen_ms = file.seen_ms,
                    .path = file.path,
                    .first_path = file.first_path};
    for (const auto& mark : file.marks.all()) {
        if (mark.offset <= file.acked_offset) {
            saved.marks.push_back(mark);
        }
    }
    return saved;
}

LostFile lost_form(const TailedFile& file) {
    const auto marks = file.marks.all();
    LostFile lost{.id = file.id,
                  .fingerprint = file.fingerprint,
                  .marks = {marks.begin(), marks.end()},
                  .offset = file.read_offset,
                  .is_cut_short = file.place == Place::cut_short};
    if (file.read_mark.offset == file.read_offset && file.read_offset != 0 &&
        (lost.marks.empty() || lost.marks.back().offset < file.read_offset)) {
        lost.marks.push_back(file.read_mark);
    }
    return lost;
}

LostFile lost_form(const SavedFile& saved) {
    return {.id = saved.id,
            .fingerprint = saved.fingerprint,
            .marks = saved.marks,
            .offset = saved.offset,
            .is_cut_short = false};
}

} // namespace agent::tail
