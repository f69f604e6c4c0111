// The part of Discovery that finds out what became of files which are not where they were.
#include "core/limits.hpp"
#include "tail/discovery.hpp"

#include <algorithm>
#include <utility>

namespace agent::tail {

namespace {

constexpr std::int64_t clocks_differ_ms = 1000; // of the file system and of us
constexpr std::int64_t ns_per_ms = 1'000'000;

// Reads no more than what has just been read.
bool begins_like(const Sibling& sibling, const TailedFile& file) {
    const auto beginning = fingerprint_of(sibling.file->get(), file.fingerprint.length);
    return sibling.facts.id != file.id && file.fingerprint.length != 0 && beginning && *beginning == file.fingerprint;
}

} // namespace

void Discovery::cut_short(TailedFile& file) {
    if (file.place == Place::cut_short) {
        return;
    }
    const auto path = file.path;
    files_.cut_short(file, clock_.steady_ms());
    positions_.touch();
    if (is_once_) {
        stats_.skip(Skip::truncated, file.unread_bytes(), 1);
        file.is_finished = true;
        return;
    }
    wanted_.insert(path);
    search_for(file, path);
    work();
}

void Discovery::search_for(const TailedFile& file, const std::string& path) {
    note_past(path, file);
    if (!is_once_) {
        search({.path = path, .lost = lost_form(file), .uid = file.uid, .seen_ms = file.seen_ms});
    }
}

void Discovery::note_past(const std::string& path, const TailedFile& file) {
    if (pasts_.size() >= core::limits::max_log_files) {
        pasts_.clear();
    }
    pasts_[path] = {.uid = file.uid, .seen_ms = file.seen_ms};
}

void Discovery::note_pasts_of_the_lost() {
    std::map<std::string, std::int64_t> last_seen_ms;
    for (const auto& [inode, saved] : positions_.lost()) {
        lost_paths_.insert(saved.path);
        for (const auto& path : {saved.path, saved.first_path}) {
            auto& past = pasts_[path];
            const bool is_first = past.uid.empty();
            if (is_first || last_seen_ms[path] < saved.seen_ms) {
                last_seen_ms[path] = saved.seen_ms;
                past.uid = saved.uid;
            }
            if (is_first || (!saved.is_done && saved.seen_ms < past.seen_ms)) { // since the oldest that is not over
                past.seen_ms = saved.seen_ms;
            }
        }
    }
}

// What is left of the last run when all paths have been opened: renamed, deleted, copied and cut short. Generations
// come last, when it is known what each copy is the rest of.
void Discovery::search_for_the_lost() {
    for (const auto& [inode, saved] : positions_.lost()) {
        search({.path = saved.path, .lost = lost_form(saved), .uid = saved.uid, .wants_generations = false});
    }
    for (const auto& [path, past] : pasts_) {
        if (files_.at_path(path) == nullptr || last_searches_.contains(path)) {
            search({.path = path, .uid = past.uid, .seen_ms = past.seen_ms});
        }
    }
    files_.for_each([&](TailedFile& file) {
        if (file.search == not_begun) {
            const auto last = last_searches_.find(file.path);
            file.search = last == last_searches_.end() ? 0 : last->second; // 0: its file was found again
            positions_.touch_now();
            reader_.wake(file);
        }
    });
}

void Discovery::search(Search wanted) {
    wanted.number = next_search_++;
    last_searches_[wanted.path] = wanted.number;
    to_search_.push_back(std::move(wanted));
}

// One after the other: a request can be large where there are many files.
void Discovery::begin_search() {
    is_searching_ = true;
    note_known();
    auto next = std::move(to_search_.front());
    to_search_.pop_front();
    auto request = std::make_shared<SiblingRequest>();
    request->base = scan_->base_of(next.path);
    request->path = next.path;
    request->follows = scan_->follows();
    request->lost = std::move(next.lost);
    request->known = known_;
    request->wants_generations = next.wants_generations;
    request->replaced = replaced_;
    request->newer_than_ns = (next.seen_ms - clocks_differ_ms) * ns_per_ms;
    auto answer = std::make_shared<SiblingAnswer>();
    runner_.run([request, answer] { *answer = find_siblings(*request); },
                [this, request, answer, search = std::move(next)] { searched(*request, search, *answer); });
}

void Discovery::note_known() {
    const auto now = std::pair(files_.ids_version(), positions_.lost().size());
    if (known_ && known_of_ == now) {
        return;
    }
    auto known = files_.ids();
    for (const auto& [inode, saved] : positions_.lost()) {
        known.push_back(saved.id);
    }
    std::ranges::sort(known);
    known_ = std::make_shared<const std::vector<FileId>>(std::move(known));
    known_of_ = now;
}

void Discovery::searched(const SiblingRequest& request, const Search& search, SiblingAnswer& answer) {
    is_searching_ = false;
    if (const auto last = last_searches_.find(search.path); last->second == search.number) {
        last_searches_.erase(last);
    }
    std::uint64_t order = 0; // of the file that was searched for; one of the last run comes before all others
    if (auto* const file = files_.by_uid(search.uid)) {
        order = file->order;
        if (request.lost) {
            take_rest(*file, answer);
        }
    } else if (const auto saved = find_lost(request.lost ? request.lost->id.inode : 0, search.uid);
               saved != positions_.lost().end()) {
        take_rest(saved, answer);
    }
    std::ranges::for_each(answer.compressed, [&](const FoundFile& each) { note_compressed(each); });
    std::erase_if(answer.generations, [&](const Sibling& each) { return scan_->excludes(each.path); });
    if (const auto* const there = files_.at_path(search.path)) { // a copy of it: it was cut short, as will be found out
        std::erase_if(answer.generations, [&](const Sibling& each) { return begins_like(each, *there); });
    }
    let_go_on(search, order, add_generations(search.uid, order, answer));
    work();
}

// What was read before it was compressed is known by its time, which compressors keep.
void Discovery::note_compressed(const FoundFile& found) {
    bool is_known = scan_->excludes(found.path) || counted_.size() >= core::limits::max_log_files ||
                    !counted_.insert(found.facts.id).second;
    files_.for_each([&](const TailedFile& file) { is_known |= file.modified_ns == found.facts.modified_ns; });
    if (!is_known) {
        stats_.skip(Skip::compressed, found.facts.size_bytes, 1);
        new_refusals_.push_back({found.path, "compressed before it was read: its lines are lost"});
    }
}

// Files that are later than the one that was searched for come behind what was found.
void Discovery::let_go_on(const Search& search, std::uint64_t order, const std::vector<std::string>& before) {
    files_.for_each([&](TailedFile& file) {
        if (file.search == 0 || file.search == not_begun) {
            return;
        }
        const bool is_of_path = file.first_path == search.path || file.path == search.path;
        if (is_of_path && file.order > order && std::ranges::find(before, file.uid) == before.end()) {
            file.after.insert(file.after.end(), before.begin(), before.end());
        }
        if (file.search <= search.number) { // searches are done in their order
            file.search = 0;
            positions_.touch_now();
            reader_.wake(file);
        }
    });
}

void Discovery::take_rest(TailedFile& file, SiblingAnswer& answer) {
    auto& rest = answer.rest;
    auto* const owner = rest ? files_.by_id(rest->facts.id) : nullptr;
    if (rest && (owner == nullptr || owner == &file)) {
        held_.erase(rest->path);
        if (files_.at_path(file.path) != &file) { // else it was found again at a path of the stream meanwhile
            files_.go_on_in(file, rest->facts.id, rest->path);
        }
        if (!file.file || answer.is_copy) {
            file.file = rest->file;
            file.size_bytes = rest->facts.size_bytes;
            file.changed_ms = clock_.steady_ms();
        }
        if (answer.is_copy && file.size_bytes <= file.read_offset) { // it lacks nothing but what was read already
            file.end_in_short_copy();
        }
        reader_.wake(file);
    } else if (!file.file && !file.is_finished) { // its unread bytes are nowhere
        stats_.skip(file.place == Place::cut_short ? Skip::truncated : Skip::gone, file.unread_bytes(), 1);
        file.is_finished = true;
    }
    positions_.touch();
}

void Discovery::take_rest(PositionKeeper::Lost::iterator saved, SiblingAnswer& answer) {
    if (answer.is_unseen) {
        return; // the directory may come back
    }
    const auto& rest = answer.rest;
    if (!rest || answer.is_copy) {
        replaced_.push_back(saved->second.id);
    }
    if (rest && files_.by_id(rest->facts.id) == nullptr) {
        held_.erase(rest->path);
        auto& file = resume(saved->second, *rest, Place::away);
        file.order = 0; // before all that came later
        reader_.wake(file);
    } else if (!saved->second.is_done) {
        stats_.skip(Skip::gone, 0, 1);
    }
    positions_.lost().erase(saved);
    positions_.touch();
}

// Uids of what is to be read before the file that is at the path now: the rest of the old one, and the generations.
std::vector<std::string> Discovery::add_generations(const std::string& uid, std::uint64_t order,
                                                    const SiblingAnswer& answer) {
    std::vector<std::string> before;
    if (const auto* const file = files_.by_uid(uid); file != nullptr && !file->is_finished) {
        before.push_back(uid);
    }
    for (const auto& generation : answer.generations) {
        if (generation.facts.size_bytes == 0 || files_.by_id(generation.facts.id) != nullptr) {
            continue;
        }
        held_.erase(generation.path);
        auto file = make_file(generation, Place::away);
        file->after = before;
        file->seen_ms = made_ns(generation.facts) / ns_per_ms; // the path has named others since
        file->order = order; // as the one that it comes after: files of a later one wait for both
        before.push_back(file->uid);
        files_.add(std::move(file));
        positions_.touch_now();
    }
    return before;
}

PositionKeeper::Lost::iterator Discovery::find_lost(std::uint64_t inode, const std::string& uid) const {
    auto& lost = positions_.lost();
    const auto [first, last] = lost.equal_range(inode);
    const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second.uid == uid; });
    return found == last ? lost.end() : found;
}

} // namespace agent::tail
