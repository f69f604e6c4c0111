// Reads topics of a broker back, whole, with a consumer of librdkafka.
#pragma once

#include "forward/rdkafka.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace agent::test {

struct ReadRecord {
    std::string key;
    std::string value;
    std::string run;
    std::string seq;
    std::string src;
    bool has_key = false;
    std::size_t headers = 0;
    std::int64_t timestamp_ms = 0;
    std::int32_t partition = 0;
};

// Everything in partitions 0 to partitions-1 of the topic, each in its order. Waits for a broker that is busy, but not
// for records that are not there yet.
std::vector<ReadRecord> read_topic(const std::string& bootstrap, const std::string& topic, int partitions);

} // namespace agent::test
