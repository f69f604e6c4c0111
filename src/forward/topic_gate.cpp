#include "forward/topic_gate.hpp"

#include "core/limits.hpp"

#include <algorithm>

namespace agent::forward {

bool TopicGate::admits(std::size_t size_bytes, std::int64_t steady_ms) const {
    if (in_flight_records_ == 0) {
        return !health_.parked || steady_ms >= next_probe_ms_;
    }
    return !health_.parked && !draining_ &&
           (group_bytes_ == unlimited || in_flight_bytes_ + size_bytes <= group_bytes_);
}

std::int64_t TopicGate::timestamp_ms(const RecordView& record, std::int64_t unix_ms) const {
    return record.position <= restamp_until_ ? unix_ms : record.sealed_ms;
}

void TopicGate::sent(std::size_t size_bytes, std::int64_t steady_ms) {
    if (in_flight_records_ == 0) {
        most_together_ = 0;
        waiting_since_ms_ = steady_ms;
        probing_ = health_.parked;
    }
    ++in_flight_records_;
    in_flight_bytes_ += size_bytes;
    most_together_ = std::max(most_together_, in_flight_records_);
}

void TopicGate::refused(std::string_view reason, Moment now) {
    park(reason, now);
    next_probe_ms_ = now.steady_ms + probe_ms_;
}

Fate TopicGate::answered(std::uint64_t position, std::size_t size_bytes, Answer answer, std::string_view reason,
                         Moment now) {
    --in_flight_records_;
    in_flight_bytes_ -= size_bytes;
    waiting_since_ms_ = now.steady_ms;

    Fate fate = Fate::retry;
    bool fails = answer == Answer::topic_failed;
    switch (answer) {
    case Answer::acked:
        fate = Fate::delivered;
        regrow(size_bytes, now.steady_ms);
        break;
    case Answer::given_back: break;
    case Answer::too_large:
    case Answer::invalid: fate = answer_of_batch(position, size_bytes, answer); break;
    case Answer::bad_timestamp:
        if (position <= restamp_until_) {
            fails = true;
        } else {
            draining_ = true;
            restamp_next_ = std::max(restamp_next_, position);
        }
        break;
    case Answer::topic_failed: break;
    }

    if (fails) {
        park(reason, now);
    }
    if (probing_) {
        probing_ = false;
        if (fails) {
            next_probe_ms_ = now.steady_ms + probe_ms_;
        } else if (answer != Answer::given_back) {
            health_ = {}; // whoever complains about a record does take records of this topic
        }
    }
    if (in_flight_records_ == 0) {
        all_came_back(now.steady_ms);
    }
    return fate;
}

Fate TopicGate::answer_of_batch(std::uint64_t position, std::size_t size_bytes, Answer answer) {
    // A broker that found several bad timestamps in a batch calls their records invalid.
    const bool may_be_the_time = answer == Answer::invalid && position > restamp_until_;
    if (most_together_ == 1 && !may_be_the_time) {
        culprit_found_ = true;
        return answer == Answer::too_large ? Fate::too_large : Fate::refused;
    }
    draining_ = true;
    failed_bytes_ += size_bytes;
    if (may_be_the_time) {
        restamp_next_ = std::max(restamp_next_, position);
    }
    return Fate::retry;
}

void TopicGate::all_came_back(std::int64_t steady_ms) {
    draining_ = false;
    restamp_until_ = std::max(restamp_until_, restamp_next_);
    if (failed_bytes_ != 0 && most_together_ > 1) {
        group_bytes_ = std::max<std::size_t>(1, std::min(group_bytes_, failed_bytes_) / 2);
        regrown_bytes_ = 0;
        shrunk_ms_ = steady_ms;
        culprit_found_ = false;
    }
    failed_bytes_ = 0;
}

void TopicGate::regrow(std::size_t acked_bytes, std::int64_t steady_ms) {
    if (group_bytes_ == unlimited || (!culprit_found_ && steady_ms - shrunk_ms_ < regrow_after_ms)) {
        return;
    }
    regrown_bytes_ += acked_bytes;
    if (regrown_bytes_ >= group_bytes_) {
        regrown_bytes_ = 0;
        group_bytes_ = group_bytes_ < core::limits::in_flight_bytes ? group_bytes_ * 2 : unlimited;
    }
}

void TopicGate::park(std::string_view reason, Moment now) {
    if (!health_.parked) {
        health_ = {.parked = true, .reason = std::string(reason), .since_unix_ms = now.unix_ms};
        next_probe_ms_ = now.steady_ms;
    } else if (health_.reason != reason) {
        health_.reason = reason;
    }
}

} // namespace agent::forward
