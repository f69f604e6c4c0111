#include "forward/kafka_producer.hpp"

#include "forward/kafka_answer.hpp"
#include "forward/kafka_client.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <numeric>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace agent::forward {

namespace {

constexpr std::int64_t purge_again_ms = 100;    // a purge misses what is just passing from one thread to another
constexpr std::int64_t rebuild_again_ms = 1000; // no threads or descriptors to be had: try again
constexpr std::int64_t look_every_ms = 500;     // for topics that do not move
constexpr std::chrono::milliseconds close_wait{1000};
constexpr std::size_t max_events = 64; // of our own, between two looks

template <std::size_t... I>
std::array<TopicGate, sizeof...(I)> make_gates(int probe_ms, std::index_sequence<I...>) {
    return {((void)I, TopicGate(probe_ms))...};
}

} // namespace

KafkaProducer::KafkaProducer(KafkaConfig config, const core::Clock& clock, int event_fd)
    : config_(std::move(config)),
      clock_(clock),
      now_{.steady_ms = clock.steady_ms(), .unix_ms = clock.unix_ms()},
      event_fd_(event_fd),
      gates_(make_gates(config_.parked_probe_ms, std::make_index_sequence<core::topic_count>{})) {}

boost::system::result<std::unique_ptr<KafkaProducer>, KafkaError> KafkaProducer::open(KafkaConfig config,
                                                                                      const core::Clock& clock) {
    const int event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event_fd == -1) {
        return KafkaError{std::string("eventfd: ") + std::strerror(errno)};
    }
    std::unique_ptr<KafkaProducer> self(new KafkaProducer(std::move(config), clock, event_fd));
    auto client = KafkaClient::open(self->config_, event_fd);
    if (!client) {
        return client.error();
    }
    self->client_ = std::move(*client);
    return self;
}

KafkaProducer::~KafkaProducer() {
    close();
    ::close(event_fd_);
}

bool KafkaProducer::close() {
    if (client_) {
        client_->purge();
        retired_.push_back(client_->retire());
        client_.reset();
    }
    mode_ = Mode::stopped;
    const auto deadline = std::chrono::steady_clock::now() + close_wait;
    return std::ranges::all_of(
        retired_, [&](const auto& done) { return done.wait_until(deadline) == std::future_status::ready; });
}

Offer KafkaProducer::offer(const RecordView& record) {
    if (mode_ != Mode::sending || !client_) {
        return Offer::full;
    }
    TopicGate& to = gate(record.topic);
    if (!to.admits(record.size_bytes(), now_.steady_ms)) {
        return Offer::topic_full;
    }
    const auto error = client_->produce(record, to.timestamp_ms(record.sealed_ms, now_.unix_ms));
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: to.sent(record.size_bytes(), now_.steady_ms); return Offer::accepted;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: // larger than message.max.bytes, so no broker was asked
        refused_.push_back({.topic = record.topic, .position = record.position, .fate = Fate::too_large});
        return Offer::accepted;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return Offer::full; // the operator made the queue small
    case RD_KAFKA_RESP_ERR__FATAL: begin_rebuild(rd_kafka_err2str(error)); return Offer::full;
    default: {
        const bool was_parked = to.health().parked;
        to.refused(words_for(error), now_);
        note_health(record.topic, was_parked);
        return Offer::topic_full;
    }
    }
}

std::size_t KafkaProducer::take_deliveries(std::span<Delivery> out) {
    std::uint64_t count = 0;
    (void)!read(event_fd_, &count, sizeof count); // before looking: what comes later makes it readable again

    now_ = {.steady_ms = clock_.steady_ms(), .unix_ms = clock_.unix_ms()};
    keep_house();
    std::size_t taken = 0;
    while (taken < out.size() && !refused_.empty()) {
        out[taken++] = refused_.front();
        refused_.pop_front();
    }
    while (client_ && taken < out.size()) {
        const auto report = client_->next_report();
        if (!report) {
            break;
        }
        out[taken++] = settle(*report);
    }
    return taken;
}

Delivery KafkaProducer::settle(const Report& report) {
    TopicGate& of = gate(report.topic);
    const bool was_parked = of.health().parked;
    const Fate fate = of.answered(report.size_bytes, answer_of(report.error), words_for(report.error), now_);
    if (of.health().parked != was_parked) {
        note_health(report.topic, was_parked);
    }
    return {.topic = report.topic, .position = report.position, .fate = fate};
}

void KafkaProducer::note_health(core::Topic topic, bool was_parked) {
    const TopicHealth& now = gate(topic).health();
    const std::string& name = config_.topics[core::index(topic)];
    if (now.parked && !was_parked) {
        add_event(EventLevel::error, "topic " + name + " takes no records, they wait: " + now.reason);
    } else if (!now.parked && was_parked) {
        add_event(EventLevel::info, "topic " + name + " takes records again");
    }
}

void KafkaProducer::add_event(EventLevel level, std::string text) {
    if (events_.size() < max_events) {
        events_.push_back({.level = level, .text = std::move(text)});
    }
}

std::vector<ClientEvent> KafkaProducer::take_events() {
    std::vector<ClientEvent> all = client_ ? client_->take_events() : std::vector<ClientEvent>{};
    std::move(events_.begin(), events_.end(), std::back_inserter(all));
    events_.clear();
    return all;
}

std::size_t KafkaProducer::in_flight_records() const {
    return std::accumulate(gates_.begin(), gates_.end(), std::size_t{0},
                           [](std::size_t sum, const TopicGate& gate) { return sum + gate.in_flight_records(); });
}

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
    const auto topic = stuck_topic();
    if (!topic) {
        return;
    }
    if (!answered) { // in an outage there is no answer, and nothing to mend
        client_->ask_broker();
        next_look_ms_ = now_.steady_ms + config_.stuck_after_ms;
        return;
    }
    const auto silence_s = (now_.steady_ms - gate(*topic).waiting_since_ms()) / 1000;
    begin_rebuild("nothing moved on topic " + config_.topics[core::index(*topic)] + " for " +
                  std::to_string(silence_s) + " s");
}

std::optional<core::Topic> KafkaProducer::stuck_topic() const {
    for (const core::Topic topic : core::all_topics) {
        const TopicGate& of = gates_[core::index(topic)];
        if (of.in_flight_records() != 0 && !of.health().parked &&
            now_.steady_ms - of.waiting_since_ms() >= config_.stuck_after_ms) {
            return topic;
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
