// The part of Discovery that opens what was found, and tells what it is.
#include "core/limits.hpp"
#include "tail/discovery.hpp"
#include "tail/file_uid.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace agent::tail {

namespace limits = core::limits;

namespace {

constexpr std::size_t opens_a_job = 256;
constexpr std::int64_t longest_age_ms = 3'600'000; // since it was written to; older is all the same

} // namespace

void Discovery::open_some() {
    const auto open = files_.size() < open_files_ ? 0 : files_.open_count();
    if (open >= open_files_) {
        return; // until others have been read to their ends, and are closed
    }
    is_opening_ = true;
    auto openings = std::make_shared<std::vector<Opening>>();
    while (!to_open_.empty() && openings->size() < std::min(opens_a_job, open_files_ - open)) {
        auto next = to_open_.extract(to_open_.begin());
        openings->push_back(prepare(next.key(), next.mapped()));
    }
    runner_.run(
        [openings, follows = scan_->follows()] {
            for (auto& opening : *openings) {
                opening.run(follows);
            }
        },
        [this, openings] {
            is_opening_ = false;
            for (auto& opening : *openings) {
                opened(opening);
            }
            positions_.work();
            work();
        });
}

Opening Discovery::prepare(const std::string& path, const ToOpen& wanted) const {
    Opening opening;
    opening.path = path;
    opening.base = scan_->base_of(path);
    opening.inode = wanted.inode;
    const auto [first, last] = positions_.lost().equal_range(wanted.inode);
    for (auto at = first; at != last; ++at) {
        opening.candidates.push_back(at->second);
    }
    if (auto* const original = is_once_ ? nullptr : files_.original_of(path);
        original != nullptr && original->file && original->id.inode != wanted.inode) {
        opening.original = original->file;
        opening.original_form = lost_form(*original);
        opening.original_uid = original->uid;
    }
    opening.known_uid = wanted.uid;
    return opening;
}

void Discovery::not_opened(const Opening& opening) {
    if (opening.error != ENOENT) {
        const bool is_link = opening.error == ELOOP;
        refuse(opening.path, is_link ? "a symbolic link on the way to it (follow_symlinks is not set)"
                                     : std::generic_category().message(opening.error));
    }
}

// A closed file is opened only where it has changed. False: that is another file, and one of the stream.
bool Discovery::open_again(const Opening& opening) {
    const auto& at = opening.at;
    if (auto* const file = opening.error == 0 ? files_.by_id(at.facts.id) : nullptr) {
        const bool has_changed = file->place == Place::away ? at.facts.size_bytes > file->read_offset
                                                            : at.facts.size_bytes != file->read_offset;
        if (!file->file && has_changed && !file->is_short_copy) {
            file->file = at.file;
            reader_.wake(*file);
        }
        if (file->uid == opening.known_uid || opening.known_uid.empty()) {
            return true;
        }
    }
    auto* const wanted = files_.by_uid(opening.known_uid);
    if (wanted != nullptr && !wanted->file && (opening.error == 0 || opening.error == ENOENT)) {
        if (wanted->place == Place::at_path) {
            leave_path(wanted->path);
        } else {
            wanted->is_deleted = true; // or it has another name: nobody has written to it for a while
        }
    }
    return !scan_->names(opening.path) || (opening.error == 0 && files_.by_id(at.facts.id) != nullptr);
}

void Discovery::opened(Opening& opening) {
    if (open_again(opening)) {
        return;
    }
    if (opening.error != 0) {
        not_opened(opening);
        return;
    }
    auto& at = opening.at;
    if (at.facts.id.inode != opening.inode) { // it was renamed meanwhile: what is known of this one is to be looked up
        to_open_[opening.path] = {.inode = at.facts.id.inode, .uid = {}};
        return;
    }
    if (files_.at_path(opening.path) != nullptr) {
        leave_path(opening.path);
    }
    if (at.facts.size_bytes == 0) {
        return;
    }
    if (opening.same) {
        const auto& saved = opening.candidates[*opening.same];
        if (const auto lost = find_lost(saved.id.inode, saved.uid); lost != positions_.lost().end()) {
            auto& file = resume(saved, at, Place::at_path);
            file.search = search_before(file);
            positions_.lost().erase(lost);
            reader_.wake(file);
            return;
        }
    }
    if (is_searched_for(opening.path)) {
        held_.insert(opening.path);
        return;
    }
    auto* const original = files_.by_uid(opening.original_uid);
    const auto age_ms = clock_.unix_ms() - at.facts.changed_ns / 1'000'000;
    if (opening.looks_like_copy && age_ms < limits::log_copy_hold_ms && original != nullptr &&
        (original->place == Place::at_path || (original->place == Place::cut_short && !original->is_finished))) {
        held_.insert(opening.path);
        reader_.wake(*original); // which finds out whether it has been cut short
        return;
    }
    add_new(opening);
}

// It may be the copy of a file that is being searched for, or that is not known again yet.
bool Discovery::is_searched_for(const std::string& path) const {
    return std::ranges::any_of(originals_of(path), [&](const std::string& original) {
        return last_searches_.contains(original) || (!are_lost_searched_ && lost_paths_.contains(original));
    });
}

// The search that a file which is new at its path has to wait for: of generations that came and went unseen since the
// path named another one.
std::uint64_t Discovery::search_before(const TailedFile& file) {
    if (is_once_) {
        return 0;
    }
    if (!are_lost_searched_ && lost_paths_.contains(file.path)) {
        return not_begun;
    }
    const auto past = pasts_.find(file.path);
    if (past == pasts_.end()) {
        return 0;
    }
    search({.path = file.path, .uid = past->second.uid, .seen_ms = past->second.seen_ms});
    return last_searches_.at(file.path);
}

std::unique_ptr<TailedFile> Discovery::make_file(const Sibling& at, Place place) {
    auto file = std::make_unique<TailedFile>();
    file->uid = positions_.is_kept() ? make_uid() : derived_uid(at.facts.id, at.fingerprint);
    while (files_.by_uid(file->uid) != nullptr) {
        file->uid = make_uid();
    }
    file->path = file->first_path = at.path;
    file->id = at.facts.id;
    file->fingerprint = at.fingerprint;
    file->file = at.file;
    file->place = place;
    file->order = next_order_++;
    file->size_bytes = at.facts.size_bytes;
    file->modified_ns = at.facts.modified_ns;
    file->is_saved = !positions_.is_kept();
    file->seen_ms = clock_.unix_ms();
    const auto age_ms =
        std::clamp<std::int64_t>(clock_.unix_ms() - at.facts.modified_ns / 1'000'000, 0, longest_age_ms);
    file->changed_ms = clock_.steady_ms() - age_ms;
    file->behind_since_ms = clock_.steady_ms();
    file->max_record_bytes = options_.max_record_bytes;
    return file;
}

void Discovery::add_new(const Opening& opening) {
    auto file = make_file(opening.at, Place::at_path);
    // What is made later has been written since we look: it is read from its beginning in any case.
    if (options_.start == Start::end && positions_.is_first() && !are_lost_searched_) {
        file->read_offset = file->seen_offset = file->acked_offset = opening.at.facts.size_bytes;
        file->read_mark = opening.end_mark;
        file->marks.add(opening.end_mark, clock_.steady_ms());
    }
    positions_.touch_now();
    auto& added = files_.add(std::move(file));
    added.search = search_before(added);
    reader_.wake(added);
}

TailedFile& Discovery::resume(const SavedFile& saved, const Sibling& at, Place place) {
    auto file = make_file(at, place);
    file->uid = saved.uid;
    file->first_path = saved.first_path;
    file->is_saved = true;
    file->is_finished = saved.is_done && place != Place::at_path && saved.offset == at.facts.size_bytes;
    file->read_offset = file->seen_offset = file->acked_offset = saved.offset;
    file->frame_left = file->acked_frame_left = saved.frame_left;
    file->marks.restore(saved.marks);
    if (const auto* const mark = file->marks.at(saved.offset)) {
        file->read_mark = *mark;
    }
    if (at.facts.size_bytes < saved.offset) { // a copy that lacks what was read last
        file->end_in_short_copy();
    }
    return files_.add(std::move(file));
}

} // namespace agent::tail
