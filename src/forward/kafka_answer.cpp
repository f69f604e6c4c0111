#include "forward/kafka_answer.hpp"

namespace agent::forward {

Answer answer_of(rd_kafka_resp_err_t error) {
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return Answer::acked;

    // librdkafka splits batches at its own limits, so it is the topic's or the broker's that is smaller.
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE: return Answer::too_large;

    case RD_KAFKA_RESP_ERR_INVALID_RECORD: return Answer::invalid;
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: return Answer::bad_timestamp;

    // We took it back ourselves, or the client instance has to be built anew.
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__FATAL:
    // Another record of its batch was at fault.
    case RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD:
    // The operator gave records a time limit or a number of retries.
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    // Answers to requests of an idempotent session that has ended: librdkafka starts a new one by itself.
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: return Answer::given_back;

    // Missing, forbidden, against a policy, or something we do not know: parking loses nothing and is told.
    default: return Answer::topic_failed;
    }
}

std::string_view words_for(rd_kafka_resp_err_t error) {
    switch (error) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return "the brokers know no such topic";
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        return "the brokers refuse the current time as a timestamp: is this machine's clock right?";
    default: return rd_kafka_err2str(error);
    }
}

} // namespace agent::forward
