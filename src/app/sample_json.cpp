#include "app/sample_json.hpp"

#include "app/digest_facts.hpp"
#include "forward/text_writer.hpp"

namespace agent::app {

namespace {

using forward::TextWriter;
using mabs::Verb;

constexpr std::size_t fixed_chars = 192; // names, braces, numbers, the type

constexpr std::size_t chars_of(std::string_view text) {
    return text.size() * TextWriter::json_chars_per_byte + 2;
}

std::string_view type_of(Verb verb) {
    switch (verb) {
    case Verb::counter: return "counter";
    case Verb::gauge: return "gauge";
    case Verb::histogram: return "histogram";
    case Verb::sample: return "sample";
    case Verb::put: return "point";
    default: return {};
    }
}

std::string_view name_of(Verb verb) {
    switch (verb) {
    case Verb::sync: return "sync";
    case Verb::help: return "help";
    case Verb::version: return "version";
    case Verb::stats: return "stats";
    case Verb::quit: return "quit";
    default: return {};
    }
}

void begin(TextWriter& writer, const LinePlace& place) {
    writer.put('{');
    if (!place.file.empty()) {
        writer.text(R"("file":)");
        writer.json_string(place.file);
        writer.put(',');
    }
    writer.text(R"("line":)");
    writer.integer(place.number);
}

} // namespace

void append_sample(std::string& out, const LinePlace& place, const Sample& sample) {
    const auto& line = sample.line;
    {
        TextWriter writer(out, fixed_chars + chars_of(place.file) + chars_of(line.metric));
        begin(writer, place);
        writer.text(R"(,"type":")");
        writer.text(type_of(line.verb));
        writer.text(R"(","metric":)");
        writer.json_string(line.metric);
        if (sample.has_timestamp) {
            writer.text(R"(,"timestamp_ms":)");
            writer.integer(line.timestamp_ms);
        }
        writer.text(R"(,"value":)");
        if (line.verb == Verb::histogram) {
            writer.put('{');
        } else if (line.verb == Verb::counter || (line.verb == Verb::put && line.is_integer)) {
            writer.integer(line.integer);
        } else {
            writer.number(line.number);
        }
    }
    if (line.verb == Verb::histogram) {
        append_digest_facts(out, sample.digest, sample.layout);
        out.push_back('}');
    }
    // A tag `a=b` and its four quotes, colon and comma: the tail holds its `=` and a blank.
    constexpr std::size_t more_per_tag = 6;
    TextWriter writer(out, fixed_chars + chars_of(line.tail) + more_per_tag * sample.tags.count);
    writer.text(R"(,"tags":)");
    writer.json_tags(sample.tags.view());
    writer.text(sample.tags.by_node ? R"(,"by_node":true})" : R"(,"by_node":false})");
}

void append_command(std::string& out, const LinePlace& place, const mabs::Line& line) {
    TextWriter writer(out, fixed_chars + chars_of(place.file) + chars_of(line.value));
    begin(writer, place);
    writer.text(R"(,"command":")");
    writer.text(name_of(line.verb));
    writer.put('"');
    if (line.verb == Verb::sync) {
        writer.text(R"(,"token":)");
        writer.json_string(line.value);
    }
    writer.put('}');
}

void append_error(std::string& out, const LinePlace& place, core::RejectReason reason, std::string_view message,
                  std::size_t column) {
    TextWriter writer(out, fixed_chars + chars_of(place.file) + chars_of(message));
    begin(writer, place);
    writer.text(R"(,"error":{"code":")");
    writer.text(core::to_string(reason));
    writer.text(R"(","message":)");
    writer.json_string(message);
    writer.text(R"(,"column":)");
    writer.integer(static_cast<std::uint64_t>(column));
    writer.text("}}");
}

} // namespace agent::app
