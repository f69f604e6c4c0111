#include "forward/record_encoder.hpp"

#include "forward/text_writer.hpp"
#include "mabs/digest_encode.hpp"

#include <string_view>

namespace agent::forward {

namespace {

using namespace std::string_view_literals;

std::size_t text_bytes(const core::SeriesView& series) {
    std::size_t bytes = series.metric.size() + series.node.size();
    for (const core::Tag& tag : series.tags) {
        bytes += tag.name.size() + tag.value.size();
    }
    return bytes;
}

// Room for everything but the tail that each type has for itself: names, quotes and numbers of the head.
std::size_t head_room(const core::SeriesView& series) {
    constexpr std::size_t fixed = 128 + 3 * TextWriter::number_chars;
    constexpr std::size_t per_tag = ",\"\":\"\""sv.size();
    return fixed + series.tags.size() * per_tag + text_bytes(series) * TextWriter::json_chars_per_byte;
}

constexpr std::size_t tail_room = 64 + 6 * TextWriter::number_chars; // at most six more numbers with their names

void write_head(TextWriter& to, std::string_view type, const core::SeriesView& series, const BucketInfo& bucket) {
    to.text(R"({"v":1,"type":")"sv);
    to.text(type);
    to.text(R"(","metric":)"sv);
    to.json_string(series.metric);
    to.text(R"(,"tags":)"sv);
    to.json_tags(series.tags);
    if (!series.node.empty()) {
        to.text(R"(,"node":)"sv);
        to.json_string(series.node);
    }
    to.text(R"(,"ts":)"sv);
    to.seconds(bucket.start_ms);
    to.text(R"(,"interval":)"sv);
    to.seconds(bucket.interval_ms);
    to.text(R"(,"lines":)"sv);
    to.integer(bucket.lines);
}

} // namespace

void append_key(const core::SeriesView& series, std::string& out) {
    constexpr std::size_t per_tag = ",="sv.size();
    TextWriter to(
        out, "{node=}"sv.size() + series.tags.size() * per_tag + text_bytes(series) * TextWriter::key_chars_per_byte);
    to.text(series.metric);
    char separator = '{';
    for (const core::Tag& tag : series.tags) {
        to.put(separator);
        separator = ',';
        to.text(tag.name);
        to.put('=');
        to.key_text(tag.value);
    }
    if (!series.node.empty()) {
        to.put(separator);
        separator = ',';
        to.text("node="sv);
        to.key_text(series.node);
    }
    if (separator == ',') {
        to.put('}');
    }
}

void append_value(const core::SeriesView& series, const BucketInfo& bucket, const CounterValue& value,
                  std::string& out) {
    TextWriter to(out, head_room(series) + tail_room);
    write_head(to, "counter"sv, series, bucket);
    to.text(R"(,"value":)"sv);
    to.integer(value.value);
    to.put('}');
}

void append_value(const core::SeriesView& series, const BucketInfo& bucket, const GaugeValue& value, std::string& out) {
    TextWriter to(out, head_room(series) + tail_room);
    write_head(to, "gauge"sv, series, bucket);
    to.text(R"(,"value":)"sv);
    to.number(value.last);
    to.text(R"(,"last_ts":)"sv);
    to.integer(value.last_ts_ms);
    to.text(R"(,"min":)"sv);
    to.number(value.min);
    to.text(R"(,"max":)"sv);
    to.number(value.max);
    to.text(R"(,"sum":)"sv);
    to.number(value.sum);
    to.text(R"(,"count":)"sv);
    to.integer(value.count);
    to.put('}');
}

void append_value(const core::SeriesView& series, const BucketInfo& bucket, const PointValue& value, std::string& out) {
    TextWriter to(out, head_room(series) + tail_room);
    write_head(to, "point"sv, series, bucket);
    to.text(R"(,"value":)"sv);
    if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
        to.integer(*whole);
    } else {
        to.number(std::get<double>(value.value));
    }
    to.put('}');
}

void append_value(const core::SeriesView& series, const BucketInfo& bucket, const mabs::TDigest& digest,
                  std::string& out) {
    {
        TextWriter to(out, head_room(series) + tail_room);
        write_head(to, "histogram"sv, series, bucket);
        to.text(R"(,"count":)"sv);
        to.number(digest.weight());
        to.text(R"(,"min":)"sv);
        to.number(digest.min());
        to.text(R"(,"max":)"sv);
        to.number(digest.max());
        to.text(R"(,"sum":)"sv);
        to.number(digest.sum());
        to.text(R"(,"digest":")"sv);
    }
    mabs::append_verbose_base64(digest, out);
    out += R"("})"sv;
}

} // namespace agent::forward
