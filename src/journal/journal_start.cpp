// How a journal begins: the part of Journal that blocks.
#include "journal/journal.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace agent::journal {

boost::system::result<void, std::string> Journal::make_directories() {
    std::vector<std::string> folders;
    for (auto slash = layout_.root.find('/', 1); slash != std::string::npos;
         slash = layout_.root.find('/', slash + 1)) {
        folders.push_back(layout_.root.substr(0, slash)); // its parents
    }
    folders.insert(folders.end(),
                   {layout_.root, layout_.deltas, layout_.outbox, layout_.dead_letters, layout_.set_aside});
    for (const auto topic : core::all_topics) {
        folders.push_back(layout_.topic(topic));
    }
    for (const auto& folder : folders) {
        if (const auto made = disk_.make_directory(folder); !made) {
            return {boost::system::in_place_error,
                    "state directory " + layout_.root + ": cannot make " + folder + ": " + made.error().message()};
        }
        if (options_.fsync != Fsync::never && folder.size() >= layout_.root.size()) {
            const auto parent = folder.substr(0, std::max<std::size_t>(1, folder.rfind('/')));
            static_cast<void>(disk_.sync_directory(parent)); // a disk that cannot do even this shows soon enough
        }
    }
    return {};
}

boost::system::result<void, std::string> Journal::open() {
    if (auto made = make_directories(); !made) {
        return made;
    }
    const auto locked = disk_.lock(layout_.lock);
    if (!locked) {
        const bool is_held = locked.error() == boost::system::errc::resource_unavailable_try_again;
        return {boost::system::in_place_error,
                "state directory " + layout_.root + ": " +
                    (is_held ? "another metrics-agent uses it (--state-dir names another one)"
                             : "cannot lock " + layout_.lock + ": " + locked.error().message())};
    }
    lock_ = *locked;
    auto found = Recovery(disk_, layout_, damage_).survey();
    if (!found) {
        return {boost::system::in_place_error, "state directory " + layout_.root + ": " + found.error()};
    }
    findings_ = *std::move(found);
    return {};
}

void Journal::replay(Restoration& into) {
    Recovery(disk_, layout_, damage_).replay(findings_, into);
    deltas_.set_start(findings_.last);
    for (const auto topic : core::all_topics) {
        files_.set_next_number(topic, findings_.next_numbers[core::index(topic)]);
        for (const auto& file : findings_.records[core::index(topic)]) {
            files_.add_found(topic, file, findings_.last.last_frame);
            syncer_.add_file(layout_.records_file(topic, file.header.number));
        }
        syncer_.add_directory(layout_.topic(topic));
    }
    for (const auto& [first_frame, size_bytes] : findings_.deltas) {
        deltas_.add_found(first_frame, size_bytes);
        syncer_.add_file(layout_.delta_file(first_frame));
    }
    syncer_.add_directory(layout_.deltas); // an earlier run was killed before it could sync all this, perhaps
    living_below_ = removable_below_frame_ = deltas_.first_living_frame();
    findings_ = {};
    outbox_.set_unbounded(true);
    into.finish(); // may append records: one for each bucket, if the resolution is another one now
    outbox_.set_unbounded(false);
}

} // namespace agent::journal
