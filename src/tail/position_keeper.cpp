#include "tail/position_keeper.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace agent::tail {

namespace {

constexpr std::size_t files_a_second = 2000; // saved: with very many it is done less often
constexpr std::int64_t retry_ms = 1000;
constexpr std::int64_t urgent_ms = 20; // between two saves of new uids

} // namespace

boost::system::result<void, std::string> PositionKeeper::load() {
    using Loaded = boost::system::result<void, std::string>;
    if (path_.empty()) {
        return {};
    }
    const auto wrong = [this](const std::string& what) {
        return Loaded(boost::system::in_place_error, "positions of log files, " + path_ + ": " + what);
    };
    const auto text = load_positions(path_);
    if (!text) {
        return wrong(text.error().message());
    }
    if (!*text) {
        return {};
    }
    auto files = parse_positions(**text);
    if (!files) {
        return wrong(files.error() + "; move it away to begin anew (files are then sent again, as other files)");
    }
    for (auto& file : *files) {
        const auto inode = file.id.inode;
        lost_.emplace(inode, std::move(file));
    }
    is_first_ = false;
    return {};
}

void PositionKeeper::work() {
    const auto now_ms = clock_.steady_ms();
    if (path_.empty()) {
        is_dirty_ = false;
        return;
    }
    const bool is_due =
        now_ms >= next_ms_ || (failure_.empty() && (is_hurried_ || (is_urgent_ && now_ms - begun_ms_ >= urgent_ms)));
    if (!is_dirty_ || is_saving_ || !is_due) {
        return;
    }
    begun_ms_ = now_ms;
    is_dirty_ = is_urgent_ = false;
    is_saving_ = true;
    struct Save {
        std::vector<SavedFile> files;
        std::vector<std::string> uids; // of files that were not saved before
        std::string failure;
    };
    auto save = std::make_shared<Save>();
    save->files.reserve(lost_.size() + files_.size());
    for (const auto& [inode, file] : lost_) {
        save->files.push_back(file);
    }
    files_.for_each([&](const TailedFile& file) {
        // One that waits for a search would not be searched for again: it would seem that there is nothing before it.
        if (file.is_pipe || (file.search != 0 && !file.is_saved)) {
            return;
        }
        save->files.push_back(saved_form(file));
        if (!file.is_saved) {
            save->uids.push_back(file.uid);
        }
    });
    const auto count = static_cast<std::int64_t>(save->files.size());
    next_ms_ = now_ms + std::max<std::int64_t>(core::limits::log_save_ms, count * 1000 / files_a_second);
    runner_.run(
        [save, path = path_] {
            if (const auto done = save_positions(path, print_positions(save->files)); !done) {
                save->failure = done.error().message();
            }
        },
        [this, save] { saved(save->uids, save->failure); });
}

void PositionKeeper::saved(const std::vector<std::string>& uids, const std::string& failure) {
    is_saving_ = false;
    failure_ = failure;
    if (!failure.empty()) {
        ++stats_.save_failures;
        is_dirty_ = true;
        next_ms_ = clock_.steady_ms() + retry_ms;
        return;
    }
    for (const auto& uid : uids) {
        if (auto* const file = files_.by_uid(uid)) {
            file->is_saved = true;
            saved_(*file);
        }
    }
}

} // namespace agent::tail
