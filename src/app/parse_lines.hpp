// A stream of lines told as text: what the agent would take each for. Bytes in, text out, no I/O: its owner feeds it,
// as a listen::Conversation is fed, and empties out(). Lines go the way of the agent's own: LineSplitter, parse_line(),
// then digest, metric and tags in the order of aggregate::Aggregator. One thread.
#pragma once

#include "app/sample_json.hpp"
#include "core/clock.hpp"
#include "mabs/line_splitter.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent::app {

struct ParseOptions {
    std::optional<std::int64_t> now_ms; // what timestamps are held against; none: the clock
    bool any_time = false;              // they are held against nothing
    std::size_t error_columns = 0;      // errors as text with a caret, so wide, for a terminal; 0: as JSON
};

class ParseLines {
  public:
    // Both outlive it.
    ParseLines(const ParseOptions& options, const core::Clock& clock) : options_(options), clock_(clock) {}

    // A new stream, whose lines are counted from 1. A name, where there is one, is told with each line.
    void begin(std::string_view file = {});

    // As listen::Conversation::receive(), rest() and end_of_stream().
    void receive(std::string_view chunk, std::size_t rest_bytes);
    std::string_view rest() const { return splitter_.rest(); }
    void end_of_stream(std::string_view rest);

    // Whole lines of text; the owner removes what it has written.
    std::string& out() { return out_; }

    // Whether no line of any stream so far was wrong.
    bool all_good() const { return all_good_; }

  private:
    void take(std::string_view text, const mabs::TimeWindow& window);
    mabs::LineError check(std::string_view text);
    void tell_error(std::string_view text, const mabs::LineError& error);
    mabs::TimeWindow window() const;
    LinePlace place() const { return {file_, line_number_}; }

    const ParseOptions& options_;
    const core::Clock& clock_;
    mabs::LineSplitter splitter_;
    std::string out_;
    std::string file_; // valid UTF-8
    std::uint64_t line_number_ = 0;
    bool all_good_ = true;

    mabs::Line line_;
    mabs::TagList tags_;
    mabs::TDigest digest_;
    mabs::DigestLayout layout_{};
    std::vector<std::byte> digest_bytes_;
    std::string detail_;
    std::string message_;
};

} // namespace agent::app
