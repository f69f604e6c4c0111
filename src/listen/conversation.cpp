#include "listen/conversation.hpp"

#include "core/limits.hpp"
#include "listen/help_text.hpp"

#include <utility>

namespace agent::listen {

namespace {

using core::RejectReason;
using mabs::Verb;

constexpr std::size_t stats_bytes = 8 * 1024; // about what the answer to `stats` takes

} // namespace

Conversation::Conversation(const Surroundings& around, std::string peer, ReplySender* sender)
    : around_(around), peer_(std::move(peer)), sender_(sender), replies_(around.stats) {}

void Conversation::receive(std::string_view chunk, std::size_t rest_bytes) {
    const auto window = mabs::TimeWindow::around(around_.clock.unix_ms());
    is_stalled_ = false;
    if (is_rest_lost_) [[unlikely]] {
        chunk = skip_lost_line(chunk);
    }
    splitter_.begin(chunk, rest_bytes);
    while (!is_over_) {
        const auto item = splitter_.next();
        if (item == mabs::LineSplitter::Item::none) {
            break;
        }
        ++line_number_;
        if (item == mabs::LineSplitter::Item::too_long) {
            push_error({}, {RejectReason::line_too_long, 0, 0});
            continue;
        }
        auto& entry = around_.batch.entries[around_.batch.size];
        const auto text = splitter_.text();
        entry.error = {};
        if (!mabs::parse_line(text, window, entry.line, entry.error) || mabs::carries_data(entry.line.verb)) {
            has_put_ = has_put_ || entry.line.verb == Verb::put;
            push(text);
        } else if (entry.line.verb != Verb::blank) {
            const auto line = entry.line; // the batch's entries are used anew
            deliver_batch();
            run_command(line);
        }
    }
    deliver_batch();
}

// What follows the lost line's LF; nothing where that has not come yet.
std::string_view Conversation::skip_lost_line(std::string_view chunk) {
    const auto lf = chunk.find('\n');
    if (lf == std::string_view::npos) {
        return chunk.substr(chunk.size());
    }
    ++line_number_;
    push_lost_line();
    return chunk.substr(lf + 1);
}

void Conversation::push_lost_line() {
    is_rest_lost_ = false;
    around_.batch.entries[around_.batch.size].detail = "it took too long to come while many other long lines did";
    push_error({}, {RejectReason::overloaded, 0, 0});
}

void Conversation::push_error(std::string_view text, mabs::LineError error) {
    auto& entry = around_.batch.entries[around_.batch.size];
    entry.line = {};
    entry.error = error;
    push(text);
}

// The entry behind the batch has its line and its error already.
void Conversation::push(std::string_view text) {
    auto& batch = around_.batch;
    batch.entries[batch.size].text = text;
    batch.numbers[batch.size] = line_number_;
    ++batch.size;
    if (batch.size == batch.entries.size()) {
        deliver_batch();
    }
}

void Conversation::deliver_batch() {
    auto& batch = around_.batch;
    const auto size = std::exchange(batch.size, 0);
    if (size == 0) {
        return;
    }
    const auto entries = std::span(batch.entries).first(size);
    around_.sink.accept(entries, peer_);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < size; ++i) {
        auto& entry = entries[i];
        if (entry.error) [[unlikely]] {
            ++wrong;
            if (const auto outranking = mabs::outranking_error(entry.text, entry.error);
                outranking.reason != entry.error.reason) {
                entry.error = outranking;
                entry.detail.clear(); // it explains the other error
            }
            ++around_.ledger.rejected_lines[static_cast<std::size_t>(entry.error.reason)];
            hold_error(batch.numbers[i], entry);
            entry.detail.clear();
        }
    }
    around_.ledger.received_lines += size;
    rejected_ += wrong;
    accepted_ += size - wrong;
}

void Conversation::hold_error(std::uint64_t number, const aggregate::Entry& entry) {
    if (held_count_ == core::limits::max_held_errors) {
        ++suppressed_;
        return;
    }
    ++held_count_;
    held_.append("error ").append(std::to_string(number)).append(" ");
    held_.append(core::to_string(entry.error.reason)).append(": ");
    mabs::append_message(held_, entry.text, entry.error, entry.detail);
    held_.push_back('\n');
}

void Conversation::release_errors() {
    if (held_count_ == 0) {
        return;
    }
    if (suppressed_ != 0) {
        held_.append("error suppressed ").append(std::to_string(suppressed_)).append("\n");
    }
    reply(held_);
    std::string().swap(held_); // assigning an empty one would keep the memory
    held_count_ = 0;
    suppressed_ = 0;
}

void Conversation::end_of_stream(std::string_view rest) {
    if (is_over_) {
        return;
    }
    if (is_rest_lost_) {
        ++line_number_;
        push_lost_line();
        deliver_batch();
    } else if (splitter_.is_skipping() || !rest.empty()) {
        ++line_number_;
        const auto reason = splitter_.is_skipping() ? RejectReason::line_too_long : RejectReason::unterminated_line;
        push_error(rest, {reason, 0, static_cast<std::uint32_t>(rest.size())});
        deliver_batch();
    }
    release_errors();
}

bool Conversation::wants_silence() const {
    return held_count_ != 0 && !has_put_ && line_number_ < core::limits::typist_lines;
}

void Conversation::silence() {
    if (wants_silence()) {
        release_errors();
    }
}

void Conversation::run_command(const mabs::Line& line) {
    release_errors();
    switch (line.verb) {
    case Verb::sync: answer_sync(line.value); break;
    case Verb::help: reply(help_text); break;
    case Verb::version: reply(around_.info.version_line() + "\n"); break;
    case Verb::stats: {
        if (!has_room_for(stats_bytes)) { // not worth making
            ++around_.stats.dropped_replies;
            break;
        }
        std::string text;
        around_.info.append_stats(text);
        reply(text.append("end\n"));
        break;
    }
    default: is_over_ = true; break;
    }
}

void Conversation::answer_sync(std::string_view token) {
    std::string text("ok ");
    text.append(token);
    text.append(" accepted=").append(std::to_string(accepted_));
    text.append(" rejected=").append(std::to_string(rejected_));
    text.append(" durable=0\n");
    if (!has_room_for(text.size())) {
        ++around_.stats.dropped_replies;
        return;
    }
    replies_.append_sync(text, around_.journal.ticket());
    replies_.settle(around_.journal);
}

void Conversation::reply(std::string_view text) {
    if (!has_room_for(text.size())) {
        ++around_.stats.dropped_replies;
        return;
    }
    replies_.append(text);
}

bool Conversation::has_room_for(std::size_t size_bytes) {
    if (!replies_.has_room_for(size_bytes) && sender_ != nullptr && !is_stalled_) {
        sender_->send_replies();
        is_stalled_ = !replies_.has_room_for(size_bytes); // the client does not read: do not try again for every reply
    }
    return replies_.has_room_for(size_bytes);
}

} // namespace agent::listen
