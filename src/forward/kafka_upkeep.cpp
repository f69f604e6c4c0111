// What KafkaProducer does beside sending: it finds that nothing moves, and builds the client anew.
#include "forward/kafka_client.hpp"
#include "forward/kafka_producer.hpp"

#include <chrono>

namespace agent::forward {

namespace {

constexpr std::int64_t purge_again_ms = 100;    // a purge misses what is just passing from one thread to another
constexpr std::int64_t rebuild_again_ms = 1000; // no threads or descriptors to be had: try again
constexpr std::int64_t look_every_ms = 500;     // for topics that do not move

} // namespace

void KafkaProducer::keep_house() {
    if (mode_ == Mode::sending) {
        if (client_ && !client_->fatal_error().empty()) {
            begin_rebuild(client_->fatal_error());
        } else {
            look_for_stuck();
        }
    }
    if (mode_ == Mode::rebuilding) {
        go_on_rebuilding();
    } else if (mode_ == Mode::stopped && now_.steady_ms >= next_try_ms_ && in_flight_records() != 0) {
        client_->purge();
        next_try_ms_ = now_.steady_ms + purge_again_ms;
    }
}

void KafkaProducer::look_for_stuck() {
    const bool answered = client_->broker_answered();
    if (!answered && now_.steady_ms < next_look_ms_) {
        return;
    }
    next_look_ms_ = now_.steady_ms + look_every_ms;
    const auto slot = stuck_slot();
    if (!slot) {
        return;
    }
    if (!answered) { // in an outage there is no answer, and nothing to mend
        client_->ask_broker();
        next_look_ms_ = now_.steady_ms + config_.stuck_after_ms;
        return;
    }
    const auto silence_s = (now_.steady_ms - gates_[*slot].waiting_since_ms()) / 1000;
    begin_rebuild("nothing moved on topic " + name(*slot) + " for " + std::to_string(silence_s) + " s");
}

std::optional<TopicSlot> KafkaProducer::stuck_slot() const {
    for (TopicSlot slot = 0; slot < gates_.size(); ++slot) {
        const TopicGate& of = gates_[slot];
        if (of.in_flight_records() != 0 && !of.health().parked &&
            now_.steady_ms - of.waiting_since_ms() >= config_.stuck_after_ms) {
            return slot;
        }
    }
    return std::nullopt;
}

void KafkaProducer::begin_rebuild(std::string_view reason) {
    add_event(EventLevel::error, "building the Kafka client anew: " + std::string(reason));
    mode_ = Mode::rebuilding;
    next_try_ms_ = 0;
}

void KafkaProducer::go_on_rebuilding() {
    if (client_ && in_flight_records() == 0) {
        retired_.push_back(client_->retire());
        client_.reset();
        next_try_ms_ = 0;
    }
    if (now_.steady_ms < next_try_ms_) {
        return;
    }
    if (client_) {
        client_->purge();
        next_try_ms_ = now_.steady_ms + purge_again_ms;
        return;
    }
    std::erase_if(retired_,
                  [](const auto& done) { return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    if (auto client = KafkaClient::open(config_, event_fd_)) {
        client_ = std::move(*client);
        mode_ = Mode::sending;
        ++rebuilds_;
    } else {
        add_event(EventLevel::error, client.error().text);
        next_try_ms_ = now_.steady_ms + rebuild_again_ms;
    }
}

void KafkaProducer::stop() {
    mode_ = Mode::stopped;
    next_try_ms_ = 0;
}

} // namespace agent::forward
