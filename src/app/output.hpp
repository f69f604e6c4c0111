// The right end of the pipeline as the command line chose it: a Kafka cluster, the embedded broker, or standard output.
// One thread.
#pragma once

#include "app/run_options.hpp"
#include "core/clock.hpp"
#include "forward/embedded_broker.hpp"
#include "forward/kafka_producer.hpp"
#include "forward/stdout_writer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

class Output {
  public:
    // Or what is wrong with the configuration. The clock outlives the output.
    static boost::system::result<std::unique_ptr<Output>, std::string> open(OutputKind kind,
                                                                            const SharedOptions& options,
                                                                            std::vector<std::string> log_topics,
                                                                            const core::Clock& clock);

    forward::RecordConsumer& consumer();
    forward::LogConsumer& log_consumer();

    // For people: "localhost:9092", "stdout".
    const std::string& brokers() const { return brokers_; }

    // Readable when there is something to take; -1 where there is no such thing.
    int event_fd() const;

    std::vector<forward::ClientEvent> take_events();
    forward::TopicHealth health(core::Topic topic) const;
    forward::TopicHealth log_health(forward::LogTopic topic) const;
    std::uint64_t rebuilds() const;

    // Not empty: nothing can be written any more, and why.
    std::string failure() const;

    // See KafkaProducer::stop() and close().
    void stop();
    bool close();

  private:
    Output() = default;

    std::string brokers_;
    std::optional<forward::EmbeddedBroker> embedded_;
    std::unique_ptr<forward::KafkaProducer> kafka_;
    std::unique_ptr<forward::StdoutWriter> stdout_;
};

} // namespace agent::app
