#include "forward/kafka_producer.hpp"

#include "core/limits.hpp"
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

constexpr std::chrono::milliseconds close_wait{1000};
constexpr std::size_t max_events = 64; // of our own, between two looks

// Then other work gets its turn: a millisecond or two.
constexpr std::size_t log_reports_per_take = 8192;

} // namespace

KafkaProducer::KafkaProducer(KafkaConfig config, const core::Clock& clock, int event_fd)
    : config_(std::move(config)),
      clock_(clock),
      now_{.steady_ms = clock.steady_ms(), .unix_ms = clock.unix_ms()},
      event_fd_(event_fd),
      gates_(core::topic_count + config_.log_topics.size(), TopicGate(config_.parked_probe_ms)) {}

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
    const TopicSlot slot = slot_of(record.topic);
    const TopicGate& to = gates_[slot];
    if (!to.admits(record.size_bytes(), now_.steady_ms)) {
        return Offer::topic_full;
    }
    const Offer answer = produced({.slot = slot,
                                   .position = record.position,
                                   .size_bytes = record.size_bytes(),
                                   .error = client_->produce(record, to.timestamp_ms(record.sealed_ms, now_.unix_ms))});
    if (answer == Offer::accepted) {
        hurry(1, record.size_bytes());
    }
    return answer;
}

std::size_t KafkaProducer::offer_log(const LogBatch& batch) {
    const TopicSlot slot = slot_of_log(batch.topic);
    std::size_t taken = 0;
    std::size_t taken_bytes = 0;
    for (const LogRecord& record : batch.records) {
        const std::size_t size_bytes = batch.key.size() + record.value.size();
        if (!admits(gates_[slot], batch, size_bytes) ||
            produced({.slot = slot,
                      .position = batch.ticket,
                      .size_bytes = size_bytes,
                      .error = client_->produce(batch, record)}) != Offer::accepted) {
            break;
        }
        ++taken;
        taken_bytes += size_bytes;
    }
    if (taken != 0) {
        hurry(taken, taken_bytes);
    }
    return taken;
}

// A record larger than the window goes alone.
bool KafkaProducer::admits(const TopicGate& to, const LogBatch& batch, std::size_t size_bytes) const {
    if (mode_ != Mode::sending || !client_ || !to.admits(size_bytes, now_.steady_ms)) {
        return false;
    }
    const std::size_t window_bytes =
        batch.key.data() == nullptr ? core::limits::log_topic_bytes : core::limits::keyed_log_topic_bytes;
    const std::size_t records = to.in_flight_records();
    return records == 0 ||
           to.in_flight_bytes() + size_bytes + (records + 1) * core::limits::log_record_cost_bytes <= window_bytes;
}

bool KafkaProducer::Flow::is_quiet() const {
    return records <= core::limits::quiet_records && size_bytes <= core::limits::quiet_bytes;
}

// To be called after produce(). Batches are cheaper, so only what comes drop by drop is sent at once.
void KafkaProducer::hurry(std::size_t records, std::size_t size_bytes) {
    flow_.records += records;
    flow_.size_bytes += size_bytes;
    if (was_quiet_ && flow_.is_quiet() && client_) {
        client_->flush();
    }
}

Offer KafkaProducer::produced(const Report& attempt) {
    TopicGate& to = gates_[attempt.slot];
    switch (attempt.error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: to.sent(attempt.size_bytes, now_.steady_ms); return Offer::accepted;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: // larger than message.max.bytes, so no broker was asked
        keep(attempt, Fate::too_large);
        ring();
        return Offer::accepted;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return Offer::full; // the operator made the queue small
    case RD_KAFKA_RESP_ERR__FATAL: begin_rebuild(rd_kafka_err2str(attempt.error)); return Offer::full;
    default: {
        const bool was_parked = to.health().parked;
        to.refused(words_for(attempt.error), now_);
        note_health(attempt.slot, was_parked);
        return Offer::topic_full;
    }
    }
}

void KafkaProducer::keep(const Report& of, Fate fate) {
    if (of.slot < core::topic_count) {
        deliveries_.push_back({.topic = core::all_topics[of.slot], .position = of.position, .fate = fate});
    } else if (!log_answers_.empty() && log_answers_.back().ticket == of.position && log_answers_.back().fate == fate) {
        ++log_answers_.back().records;
    } else {
        log_answers_.push_back({.ticket = of.position, .records = 1, .fate = fate});
    }
}

void KafkaProducer::begin_taking() {
    std::uint64_t count = 0;
    (void)!read(event_fd_, &count, sizeof count); // before looking: what comes later makes it readable again

    now_ = {.steady_ms = clock_.steady_ms(), .unix_ms = clock_.unix_ms()};
    if (now_.steady_ms - flow_since_ms_ >= core::limits::linger_ms) {
        was_quiet_ = flow_.is_quiet();
        flow_ = {};
        flow_since_ms_ = now_.steady_ms;
    }
    keep_house();
}

// librdkafka does so only for what is new in its queue; what we leave there or keep is ours to tell.
void KafkaProducer::ring() {
    constexpr std::uint64_t one = 1;
    (void)!write(event_fd_, &one, sizeof one);
}

std::size_t KafkaProducer::take_deliveries(std::span<Delivery> out) {
    begin_taking();
    std::size_t taken = 0;
    while (taken < out.size() && !deliveries_.empty()) {
        out[taken++] = deliveries_.front();
        deliveries_.pop_front();
    }
    std::size_t looked_at = taken;
    for (; client_ && looked_at < out.size(); ++looked_at) {
        const auto report = client_->next_report();
        if (!report) {
            break;
        }
        const Fate fate = settle(*report);
        if (report->slot < core::topic_count) {
            out[taken++] = {.topic = core::all_topics[report->slot], .position = report->position, .fate = fate};
        } else {
            keep(*report, fate);
        }
    }
    if (!log_answers_.empty() || (taken < out.size() && looked_at == out.size())) {
        ring();
    }
    return taken;
}

void KafkaProducer::take_log_answers(std::vector<LogAnswer>& out) {
    begin_taking();
    std::size_t looked_at = 0;
    for (; client_ && looked_at < log_reports_per_take; ++looked_at) {
        const auto report = client_->next_report();
        if (!report) {
            break;
        }
        keep(*report, settle(*report));
    }
    if (looked_at == log_reports_per_take || !deliveries_.empty()) {
        ring();
    }
    out.insert(out.end(), log_answers_.begin(), log_answers_.end());
    log_answers_.clear();
}

Fate KafkaProducer::settle(const Report& report) {
    TopicGate& of = gates_[report.slot];
    const bool was_parked = of.health().parked;
    const Fate fate = of.answered(report.size_bytes, answer_of(report.error), words_for(report.error), now_);
    if (of.health().parked != was_parked) {
        note_health(report.slot, was_parked);
    }
    return fate;
}

const TopicHealth& KafkaProducer::health(core::Topic topic) const {
    return gates_[slot_of(topic)].health();
}

const TopicHealth& KafkaProducer::log_health(LogTopic topic) const {
    return gates_[slot_of_log(topic)].health();
}

const std::string& KafkaProducer::name(TopicSlot slot) const {
    return slot < core::topic_count ? config_.topics[slot] : config_.log_topics[slot - core::topic_count];
}

void KafkaProducer::note_health(TopicSlot slot, bool was_parked) {
    const TopicHealth& now = gates_[slot].health();
    if (now.parked && !was_parked) {
        add_event(EventLevel::error, "topic " + name(slot) + " takes no records, they wait: " + now.reason);
    } else if (!now.parked && was_parked) {
        add_event(EventLevel::info, "topic " + name(slot) + " takes records again");
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

} // namespace agent::forward
