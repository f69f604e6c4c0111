#include "journal/syncer.hpp"

#include "core/limits.hpp"
#include "journal/disk_work.hpp"

#include <memory>
#include <utility>

namespace agent::journal {

void Syncer::start_if_due(bool is_urgent) {
    if (is_busy_) {
        return;
    }
    if (mode_ == Fsync::never) {
        new_ = {};
    }
    if (new_.files.empty() && new_.directories.empty()) {
        done_ = ++begun_; // nothing to wait for
        return;
    }
    const auto now_ms = clock_.steady_ms();
    // One that has failed is not tried more often than each second, whoever waits for it.
    if ((!is_urgent || has_failed_) && now_ms - last_ms_ < core::limits::journal_sync_interval_ms) {
        return;
    }
    last_ms_ = now_ms;
    is_busy_ = true;
    ++begun_;
    under_way_ = std::exchange(new_, {});
    auto failure = std::make_shared<boost::system::error_code>();
    runner_.run([this, failure] { *failure = sync_all(files_, under_way_.files, doubtful_, under_way_.directories); },
                [this, failure] { end(*failure); });
}

void Syncer::end(const boost::system::error_code& failure) {
    is_busy_ = false;
    has_failed_ = static_cast<bool>(failure);
    if (has_failed_) {
        doubtful_.insert(under_way_.files.begin(), under_way_.files.end());
        new_.files.merge(under_way_.files);
        new_.directories.merge(under_way_.directories);
    } else {
        done_ = begun_;
        doubtful_.clear(); // all of them were in it
    }
    under_way_ = {};
    ended_(failure);
}

} // namespace agent::journal
