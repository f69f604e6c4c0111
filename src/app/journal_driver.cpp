#include "app/journal_driver.hpp"

#include "core/limits.hpp"

#include <utility>

namespace agent::app {

namespace limits = core::limits;

void JournalDriver::on_change(std::function<void()> ring, std::function<void()> hurry) {
    ring_ = std::move(ring);
    hurry_ = std::move(hurry);
}

void JournalDriver::accept(std::span<aggregate::Entry> batch, std::string_view peer) {
    aggregator_.accept(batch, peer);
    if (changed_since_ms_ == 0 && journal_ != nullptr && !aggregator_.changes().empty()) {
        changed_since_ms_ = clock_.steady_ms();
        ring_();
    }
}

std::uint64_t JournalDriver::ticket() {
    if (journal_ == nullptr ||
        (aggregator_.changes().empty() && !journal_->has_unwritten_records() && journal_->is_all_safe())) {
        return 0;
    }
    if (!std::exchange(is_awaited_, true)) {
        hurry_();
    }
    return journal_->next_drain();
}

listen::Safety JournalDriver::safety(std::uint64_t ticket) const {
    if (journal_ == nullptr) {
        return listen::Safety::not_durable;
    }
    if (ticket <= journal_->safe_drain()) {
        return listen::Safety::durable;
    }
    return journal_->is_durable() ? listen::Safety::pending : listen::Safety::not_durable;
}

// Only for so long: reading goes on then, and what cannot be kept is rejected.
bool JournalDriver::is_behind() const {
    if (journal_ == nullptr || !journal_->is_choked()) {
        behind_since_ms_ = 0;
        return false;
    }
    const auto now_ms = clock_.steady_ms();
    behind_since_ms_ = behind_since_ms_ == 0 ? now_ms : behind_since_ms_;
    return now_ms - behind_since_ms_ < limits::journal_patience_ms;
}

void JournalDriver::tick() {
    if (journal_ == nullptr || !journal_->is_ready()) {
        return;
    }
    const bool is_drained = aggregator_.changes().write(limits::write_batch_bytes);
    if (journal_->write(is_drained, changed_since_ms_)) {
        is_awaited_ = false;
    }
    changed_since_ms_ = is_drained ? 0 : changed_since_ms_;
}

void JournalDriver::beat() {
    tick();
    if (journal_ != nullptr) {
        journal_->beat();
    }
}

bool JournalDriver::has_work() const {
    return journal_ != nullptr &&
           (changed_since_ms_ != 0 || is_awaited_ || journal_->has_unwritten_records() || !journal_->is_quiet());
}

void JournalDriver::begin_flush(bool is_last) {
    if (journal_ != nullptr) {
        journal_->begin_flush(is_last);
    }
    aggregator_.begin_flush();
}

void JournalDriver::end_flush() {
    if (journal_ != nullptr && !aggregator_.is_flushing()) {
        journal_->end_flush();
    }
}

std::int64_t JournalDriver::unwritten_ms() const {
    if (journal_ == nullptr) {
        return 0;
    }
    const auto in_journal = journal_->oldest_unwritten_ms();
    const auto oldest = in_journal != 0 ? in_journal : changed_since_ms_;
    return oldest == 0 ? 0 : clock_.steady_ms() - oldest;
}

} // namespace agent::app
