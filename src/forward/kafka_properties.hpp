// Our choice of librdkafka properties, each with its reason, under those of the operator.
#pragma once

#include "forward/kafka_config.hpp"
#include "forward/rdkafka.hpp"

#include <boost/system/result.hpp>

namespace agent::forward {

boost::system::result<rdkafka::Conf, KafkaError> make_kafka_conf(const KafkaConfig& config);

// Whether it is ours to say how long records gather for a batch: not if the operator has said it.
bool linger_adapts(const KafkaConfig& config);

} // namespace agent::forward
