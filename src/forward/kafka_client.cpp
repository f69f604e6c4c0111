#include "forward/kafka_client.hpp"

#include "core/limits.hpp"
#include "forward/kafka_properties.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace agent::forward {

namespace {

// In an outage librdkafka reports every attempt; nobody needs more than this between two looks.
constexpr std::size_t max_events = 64;
constexpr int ask_timeout_ms = 5000;

// Which record a report is about travels in the pointer that librdkafka keeps for us: no memory for each record.
constexpr unsigned position_bits = 56;
static_assert(sizeof(void*) == sizeof(std::uint64_t));
static_assert(core::topic_count + core::limits::max_log_streams <= std::size_t{1} << (64 - position_bits));

void* to_opaque(TopicSlot slot, std::uint64_t position) {
    return reinterpret_cast<void*>((std::uint64_t{slot} << position_bits) | position);
}

TopicSlot slot_in(std::uint64_t opaque) {
    return opaque >> position_bits;
}

std::uint64_t position_in(std::uint64_t opaque) {
    return opaque & ((std::uint64_t{1} << position_bits) - 1);
}

// Runs the work on a thread that nobody has to wait for: a std::async future would wait in its destructor.
template <typename Work>
auto on_thread(Work work) -> std::future<decltype(work())> {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto future = task.get_future();
    try {
        std::thread(std::move(task)).detach();
    } catch (const std::system_error&) { // there is no thread to be had: then it has to be waited for
        task();
    }
    return future;
}

EventLevel level_of(int syslog_level) {
    if (syslog_level <= 3) {
        return EventLevel::error;
    }
    if (syslog_level == 4) {
        return EventLevel::warning;
    }
    return syslog_level <= 6 ? EventLevel::info : EventLevel::debug;
}

} // namespace

boost::system::result<std::unique_ptr<KafkaClient>, KafkaError> KafkaClient::open(const KafkaConfig& config,
                                                                                  int event_fd) {
    auto conf = make_kafka_conf(config);
    if (!conf) {
        return conf.error();
    }
    rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);

    std::unique_ptr<KafkaClient> self(new KafkaClient);
    std::array<char, 512> text{};
    self->client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), text.data(), text.size()));
    if (!self->client_) {
        return KafkaError{std::string("Kafka: ") + text.data()};
    }
    (void)conf->release(); // the client has it now
    if (auto opened = self->open_topics(config); !opened) {
        return opened.error();
    }
    self->queue_.reset(rd_kafka_queue_get_main(self->client_.get()));
    constexpr std::uint64_t one = 1; // what an eventfd wants to be written
    rd_kafka_queue_io_event_enable(self->queue_.get(), event_fd, &one, sizeof one);
    rd_kafka_set_log_queue(self->client_.get(), nullptr); // into the main queue
    if (linger_adapts(config)) {
        self->flusher_ = std::make_unique<Flusher>(self->client_.get());
    }
    return self;
}

boost::system::result<void, KafkaError> KafkaClient::open_topics(const KafkaConfig& config) {
    if (config.log_topics.size() > core::limits::max_log_streams) {
        return KafkaError{"more than " + std::to_string(core::limits::max_log_streams) + " topics of log files"};
    }
    std::vector<std::string> names(config.topics.begin(), config.topics.end());
    names.insert(names.end(), config.log_topics.begin(), config.log_topics.end());
    for (const std::string& name : names) {
        auto& handle = topics_.emplace_back();
        if (name.empty()) {
            continue;
        }
        handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
        if (!handle) {
            return KafkaError{"Kafka topic " + name + ": " + rd_kafka_err2str(rd_kafka_last_error())};
        }
    }
    return {};
}

KafkaClient::~KafkaClient() {
    if (client_) {
        (void)retire();
    }
}

std::future<void> KafkaClient::retire() {
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0); // the descriptor may go before the threads do
    event_.reset();
    queue_.reset();
    topics_.clear();
    rd_kafka_t* const client = client_.release();
    return on_thread([client, asked = std::move(asked_), flusher = std::move(flusher_)]() mutable {
        flusher.reset();
        if (asked.valid()) {
            asked.wait(); // it still uses the client
        }
        rd_kafka_destroy(client);
    });
}

rd_kafka_resp_err_t KafkaClient::produce(const RecordView& record, std::int64_t timestamp_ms) {
    std::array<char, 20> seq; // of the longest u64
    const auto seq_end = std::to_chars(seq.data(), seq.data() + seq.size(), record.seq).ptr;

    rdkafka::Headers headers(rd_kafka_headers_new(2));
    rd_kafka_header_add(headers.get(), "run", 3, record.run.data(), static_cast<ssize_t>(record.run.size()));
    rd_kafka_header_add(headers.get(), "seq", 3, seq.data(), seq_end - seq.data());

    const auto error = rd_kafka_producev(client_.get(), RD_KAFKA_VTYPE_RKT, topics_[slot_of(record.topic)].get(),  //
                                         RD_KAFKA_VTYPE_KEY, record.key.data(), record.key.size(),                 //
                                         RD_KAFKA_VTYPE_VALUE, record.value.data(), record.value.size(),           //
                                         RD_KAFKA_VTYPE_TIMESTAMP, timestamp_ms,                                   //
                                         RD_KAFKA_VTYPE_HEADERS, headers.get(),                                    //
                                         RD_KAFKA_VTYPE_OPAQUE, to_opaque(slot_of(record.topic), record.position), //
                                         RD_KAFKA_VTYPE_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)headers.release(); // the message has them now
    }
    return error;
}

rd_kafka_resp_err_t KafkaClient::produce(const LogBatch& batch, const LogRecord& record) {
    rdkafka::Headers headers(rd_kafka_headers_new(1));
    rd_kafka_header_add(headers.get(), "src", 3, record.src.data(), static_cast<ssize_t>(record.src.size()));

    const TopicSlot slot = slot_of_log(batch.topic);
    const auto error = rd_kafka_producev(client_.get(), RD_KAFKA_VTYPE_RKT, topics_[slot].get(),         //
                                         RD_KAFKA_VTYPE_KEY, batch.key.data(), batch.key.size(),         // null: none
                                         RD_KAFKA_VTYPE_VALUE, record.value.data(), record.value.size(), //
                                         RD_KAFKA_VTYPE_HEADERS, headers.get(),                          //
                                         RD_KAFKA_VTYPE_OPAQUE, to_opaque(slot, batch.ticket),           //
                                         RD_KAFKA_VTYPE_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)headers.release(); // the message has them now
    }
    return error;
}

std::optional<Report> KafkaClient::next_report() {
    for (;;) {
        if (event_ && rd_kafka_event_type(event_.get()) == RD_KAFKA_EVENT_DR) {
            if (const rd_kafka_message_t* message = rd_kafka_event_message_next(event_.get())) {
                const auto opaque = reinterpret_cast<std::uint64_t>(message->_private);
                return Report{.slot = slot_in(opaque),
                              .position = position_in(opaque),
                              .size_bytes = message->len + message->key_len,
                              .error = message->err};
            }
        }
        if (!next_event()) {
            return std::nullopt;
        }
    }
}

bool KafkaClient::next_event() {
    event_.reset(rd_kafka_queue_poll(queue_.get(), 0));
    if (!event_) {
        return false;
    }
    switch (rd_kafka_event_type(event_.get())) {
    case RD_KAFKA_EVENT_LOG: {
        const char* facility = nullptr;
        const char* text = nullptr;
        int level = 0;
        if (rd_kafka_event_log(event_.get(), &facility, &text, &level) == 0 &&
            std::string_view(facility) != "FAIL") { // each of those comes as an error too
            add_event(level_of(level), std::string(facility) + ": " + text);
        }
        break;
    }
    case RD_KAFKA_EVENT_ERROR: note_error(); break;
    default: break;
    }
    return true;
}

void KafkaClient::note_error() {
    std::string text = rd_kafka_event_error_string(event_.get());
    if (rd_kafka_event_error_is_fatal(event_.get()) != 0) {
        fatal_error_ = text;
    }
    add_event(EventLevel::error, std::move(text));
}

void KafkaClient::add_event(EventLevel level, std::string text) {
    if (events_.size() < max_events) {
        events_.push_back({.level = level, .text = std::move(text)});
    } else {
        ++events_lost_;
    }
}

std::vector<ClientEvent> KafkaClient::take_events() {
    if (events_lost_ != 0) {
        events_.push_back({.level = EventLevel::warning, .text = std::to_string(events_lost_) + " more such messages"});
        events_lost_ = 0;
    }
    return std::exchange(events_, {});
}

void KafkaClient::ask_broker() {
    if (asked_.valid()) {
        return;
    }
    asked_ = on_thread([client = client_.get()] {
        const rd_kafka_metadata_t* metadata = nullptr;
        const auto error = rd_kafka_metadata(client, 0, nullptr, &metadata, ask_timeout_ms);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
        }
        return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
}

bool KafkaClient::broker_answered() {
    if (!asked_.valid() || asked_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        return false;
    }
    return asked_.get();
}

void KafkaClient::purge() {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

} // namespace agent::forward
