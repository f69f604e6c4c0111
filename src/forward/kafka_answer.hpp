// What an error of librdkafka or of the brokers means for the record it is about.
#pragma once

#include "forward/rdkafka.hpp"
#include "forward/topic_gate.hpp"

#include <string_view>

namespace agent::forward {

Answer answer_of(rd_kafka_resp_err_t error);

// In words for the operator. (What the broker wrote itself, rd_kafka_message_produce_errstr(), points to freed memory
// in librdkafka 2.8.0.)
std::string_view words_for(rd_kafka_resp_err_t error);

} // namespace agent::forward
