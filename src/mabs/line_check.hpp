// The parts of a line that parse_line() leaves unchecked: the names of the series, and a histogram's digest. The agent
// and `metrics-agent parse` both ask here, so that they agree. Errors point into the line's text. Pure; any thread.
#pragma once

#include "mabs/digest_layout.hpp"
#include "mabs/line_error.hpp"
#include "mabs/line_parser.hpp"
#include "mabs/tag_parser.hpp"
#include "mabs/tdigest.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::mabs {

// An error that shows `part`, which lies in `text`.
LineError error_about(std::string_view part, core::RejectReason reason, std::string_view text);

// Metric and tags of a line that carries data; on `put` by_node is an ordinary tag.
LineError check_names(const Line& line, std::string_view text, TagList& tags);

// Decodes a histogram's value into `into`. Where it is none, `detail` gets appended what is wrong with it.
boost::system::result<DigestLayout, LineError> decode_value(const Line& line, std::string_view text,
                                                            std::vector<std::byte>& scratch, TDigest& into,
                                                            std::string& detail);

} // namespace agent::mabs
