// What `metrics-agent parse` says of a line: one JSON object each, without the LF behind it.
//
// - a sample:
//   `{"line":1,"type":"counter","metric":"m","timestamp_ms":1763750400000,"value":5,"tags":{"a":"1"},"by_node":false}`
// - a command:
//   `{"line":2,"command":"sync","token":"t"}`
// - an error:
//   `{"line":3,"error":{"code":"bad_value","message":"...","column":16}}`
//
// type is counter, gauge, histogram, sample or point (put). timestamp_ms is there where the line has one. value: a
// counter's is an integer; elsewhere the shortest decimal that parses back, integral ones up to 2^53 as integers; a
// point that is an int64 is that integer; a histogram's is an object (digest_facts.hpp). Tags are sorted by name
// (bytes). column counts bytes from 1. Where a file is named `"file":"..."` comes first. The text is always valid
// UTF-8.
#pragma once

#include "mabs/digest_layout.hpp"
#include "mabs/line_error.hpp"
#include "mabs/line_parser.hpp"
#include "mabs/tag_parser.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace agent::app {

struct LinePlace {
    std::string_view file; // valid UTF-8; empty: not named
    std::uint64_t number = 0;
};

// A whole valid line of data. `digest` and `layout` are a histogram's.
struct Sample {
    const mabs::Line& line;
    const mabs::TagList& tags;
    bool has_timestamp = false;
    const mabs::TDigest& digest;
    mabs::DigestLayout layout{};
};

void append_sample(std::string& out, const LinePlace& place, const Sample& sample);
void append_command(std::string& out, const LinePlace& place, const mabs::Line& line);
void append_error(std::string& out, const LinePlace& place, core::RejectReason reason, std::string_view message,
                  std::size_t column);

} // namespace agent::app
