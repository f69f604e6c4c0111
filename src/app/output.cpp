#include "app/output.hpp"

#include <utility>

namespace agent::app {

boost::system::result<std::unique_ptr<Output>, std::string> Output::open(OutputKind kind, const SharedOptions& options,
                                                                         std::vector<std::string> log_topics,
                                                                         const core::Clock& clock) {
    using Opened = boost::system::result<std::unique_ptr<Output>, std::string>;
    auto output = std::unique_ptr<Output>(new Output);
    output->brokers_ = options.brokers;
    for (const auto& [name, value] : options.properties) { // for people: what librdkafka will really use
        if (name == "bootstrap.servers" || name == "metadata.broker.list") {
            output->brokers_ = value;
        }
    }
    if (kind == OutputKind::standard_output) {
        output->brokers_ = "stdout";
        output->stdout_ = std::make_unique<forward::StdoutWriter>(options.topics, std::move(log_topics));
        return output;
    }
    if (kind == OutputKind::embedded_broker) {
        auto started = forward::EmbeddedBroker::start();
        if (!started) {
            return Opened(boost::system::in_place_error, "--embedded-broker: " + started.error().text);
        }
        output->embedded_ = std::move(*started);
        output->brokers_ = output->embedded_->bootstrap();
        for (const auto& topic : options.topics) { // so that a reader finds them before the first record
            output->embedded_->create_topic(topic, 1);
        }
        for (const auto& topic : log_topics) {
            output->embedded_->create_topic(topic, 1);
        }
    }
    forward::KafkaConfig config;
    config.brokers = output->brokers_;
    config.topics = options.topics;
    config.properties = options.properties;
    config.log_topics = std::move(log_topics);
    auto producer = forward::KafkaProducer::open(std::move(config), clock);
    if (!producer) {
        return Opened(boost::system::in_place_error, producer.error().text);
    }
    output->kafka_ = std::move(*producer);
    return output;
}

forward::RecordConsumer& Output::consumer() {
    if (stdout_) {
        return *stdout_;
    }
    return *kafka_;
}

forward::LogConsumer& Output::log_consumer() {
    if (stdout_) {
        return *stdout_;
    }
    return *kafka_;
}

int Output::event_fd() const {
    return kafka_ ? kafka_->event_fd() : -1;
}

std::vector<forward::ClientEvent> Output::take_events() {
    return kafka_ ? kafka_->take_events() : std::vector<forward::ClientEvent>();
}

forward::TopicHealth Output::health(core::Topic topic) const {
    return kafka_ ? kafka_->health(topic) : forward::TopicHealth();
}

forward::TopicHealth Output::log_health(forward::LogTopic topic) const {
    return kafka_ ? kafka_->log_health(topic) : forward::TopicHealth();
}

std::uint64_t Output::rebuilds() const {
    return kafka_ ? kafka_->rebuilds() : 0;
}

std::string Output::failure() const {
    return stdout_ ? stdout_->error() : std::string();
}

void Output::stop() {
    if (kafka_) {
        kafka_->stop();
    }
}

bool Output::close() {
    return !kafka_ || kafka_->close();
}

} // namespace agent::app
