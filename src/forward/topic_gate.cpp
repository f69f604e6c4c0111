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

Fate TopicGate::answered(std::size_t size_bytes, Answer answer, std::string_view reason, Moment now) {
    --in_flight_records_;
    in_flight_bytes_ -= size_bytes;
    waiting_since_ms_ = now.steady_ms;

    Fate fate = Fate::retry;
    switch (answer) {
    case Answer::acked:
        fate = Fate::delivered;
        regrow(size_bytes, now.steady_ms);
        break;
    case Answer::given_back:
    case Answer::topic_failed: break;
    case Answer::too_large:
    case Answer::invalid:
    case Answer::bad_timestamp: fate = answered_about_content(size_bytes, answer); break;
    }

    // A topic that refuses the current time will refuse it for every record.
    const bool fails = answer == Answer::topic_failed || (answer == Answer::bad_timestamp && restamping_);
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

Fate TopicGate::answered_about_content(std::size_t size_bytes, Answer answer) {
    // A broker that found several bad timestamps in a batch calls those records invalid.
    if (answer != Answer::too_large && !restamping_) {
        draining_ = true;
        restamp_wanted_ = true;
        return Fate::retry;
    }
    if (answer == Answer::bad_timestamp) {
        return Fate::retry;
    }
    if (most_together_ == 1) {
        culprit_found_ = true;
        return answer == Answer::too_large ? Fate::too_large : Fate::refused;
    }
    draining_ = true;
    failed_bytes_ += size_bytes;
    return Fate::retry;
}

void TopicGate::all_came_back(std::int64_t steady_ms) {
    draining_ = false;
    if (failed_bytes_ != 0) {
        group_bytes_ = std::max<std::size_t>(1, std::min(group_bytes_, failed_bytes_) / 2);
        failed_bytes_ = 0;
        regrown_bytes_ = 0;
        shrunk_ms_ = steady_ms;
        culprit_found_ = false;
    }
    if (restamp_wanted_) {
        restamp_wanted_ = false;
        restamping_ = true;
        restamp_end_ms_ = steady_ms + restamp_ms;
    } else if (steady_ms >= restamp_end_ms_) {
        restamping_ = false;
    }
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
