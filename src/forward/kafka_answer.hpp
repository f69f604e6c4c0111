// What an error of librdkafka or of the brokers means for the record it is about.
#pragma once

#include "forward/rdkafka.hpp"
#include "forward/topic_gate.hpp"

namespace agent::forward {

Answer answer_of(rd_kafka_resp_err_t error);

} // namespace agent::forward
