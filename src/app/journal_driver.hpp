// Brings changes into the journal, tick by tick, and tells the sessions what is safe. Stands before the aggregator to
// see the first change after a quiet time: then somebody has to tick. Without a journal nothing is ever durable. One
// thread.
#pragma once

#include "aggregate/aggregator.hpp"
#include "aggregate/sample_sink.hpp"
#include "core/clock.hpp"
#include "journal/journal.hpp"
#include "listen/journal_gate.hpp"

#include <cstdint>
#include <functional>
#include <utility>

namespace agent::app {

class JournalDriver final : public aggregate::SampleSink, public listen::JournalGate {
  public:
    // All outlive it. No journal: nothing is kept.
    JournalDriver(aggregate::Aggregator& aggregator, journal::Journal* journal, const core::Clock& clock)
        : aggregator_(aggregator), journal_(journal), clock_(clock) {}

    // `ring`: there are changes, tick within 20 ms. `hurry`: somebody waits for them, tick soon. Neither may do any
    // work at once.
    void on_change(std::function<void()> ring, std::function<void()> hurry);

    // The journal has got further; `progress` looks what can go on now.
    void on_progress(std::function<void()> progress) { progress_ = std::move(progress); }
    void wake() {
        if (progress_) {
            progress_();
        }
    }

    void accept(std::span<aggregate::Entry> batch, std::string_view peer) override;

    std::uint64_t ticket() override;
    listen::Safety safety(std::uint64_t ticket) const override;
    bool is_behind() const override;

    // Hands all changes and new records to the writer, if that has time.
    void tick();

    // Every 20 to 1000 ms: a tick, and what the journal does from time to time.
    void beat();

    // Whether ticks are wanted.
    bool has_work() const;
    bool is_awaited() const { return is_awaited_; }

    void begin_flush(bool is_last = false);
    void end_flush();

    // A flush is due because of the deltas' size.
    bool wants_flush() const { return journal_ != nullptr && journal_->wants_flush() && !aggregator_.is_flushing(); }

    // Whether the next start would find everything that was accepted.
    bool is_all_written() const {
        return journal_ != nullptr && aggregator_.changes().empty() && journal_->is_all_written();
    }

    // How long the oldest accepted change has waited for its write(); 0 where there is none.
    std::int64_t unwritten_ms() const;

    journal::Journal* journal() { return journal_; }
    const journal::Journal* journal() const { return journal_; }

  private:
    aggregate::Aggregator& aggregator_;
    journal::Journal* journal_;
    const core::Clock& clock_;
    std::function<void()> ring_;
    std::function<void()> hurry_;
    std::function<void()> progress_;
    std::int64_t changed_since_ms_ = 0; // 0: nothing has changed
    bool is_awaited_ = false;
    mutable std::int64_t behind_since_ms_ = 0;
};

} // namespace agent::app
