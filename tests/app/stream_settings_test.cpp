#include "app/stream_settings.hpp"

#include "core/limits.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

namespace limits = core::limits;
using Field = StreamField;

const auto own_topics = core::topic_names("p.");

StreamSettings good(std::string topic = "t") {
    StreamSettings settings;
    settings.include = {"/var/log/*.log"};
    settings.topic = std::move(topic);
    return settings;
}

std::vector<StreamFault> faults_of(const std::vector<StreamSettings>& streams, Include include = Include::needed) {
    auto checked = check_streams(streams, own_topics, include);
    return checked ? std::vector<StreamFault>() : checked.error();
}

std::vector<std::string> names_of(const std::vector<StreamSettings>& streams) {
    const auto checked = check_streams(streams, own_topics);
    REQUIRE(checked.has_value());
    std::vector<std::string> names;
    for (const auto& stream : *checked) {
        names.push_back(stream.name);
    }
    return names;
}

TEST_CASE("files and a topic are enough") {
    const auto checked = check_streams(std::vector{good()}, own_topics);
    REQUIRE(checked.has_value());
    REQUIRE(checked->size() == 1);
    const auto& stream = checked->front();
    CHECK(stream.name == "t");
    REQUIRE(stream.include.size() == 1);
    CHECK(stream.include[0].text() == "/var/log/*.log");
    CHECK(stream.exclude.empty());
    CHECK(stream.topic == "t");
    CHECK((stream.framing == tail::Framing::lines));
    CHECK(stream.multiline_start.empty());
    CHECK(stream.pack_bytes == 0);
    CHECK(stream.max_record_bytes == limits::max_log_record_bytes);
    CHECK((stream.start == tail::Start::beginning));
    CHECK((stream.key == tail::RecordKey::none));
    CHECK(stream.rate_limit_bytes == 0);
    CHECK(!stream.follow_symlinks);
}

TEST_CASE("every setting arrives") {
    StreamSettings settings;
    settings.name = "web";
    settings.include = {"/a/*", "/b/**"};
    settings.exclude = {"/a/*.gz"};
    settings.topic = "Logs_of-web.1";
    settings.framing = "multiline";
    settings.multiline_start = R"(^\d)";
    settings.pack_bytes = 65536;
    settings.max_record_bytes = 65536;
    settings.start = "end";
    settings.key = "file";
    settings.rate_limit = 1'000'000'000'000;
    settings.follow_symlinks = true;
    const auto checked = check_streams(std::vector{settings}, own_topics);
    REQUIRE(checked.has_value());
    const auto& stream = checked->front();
    CHECK(stream.name == "web");
    REQUIRE(stream.include.size() == 2);
    CHECK(stream.include[1].text() == "/b/**");
    REQUIRE(stream.exclude.size() == 1);
    CHECK(stream.exclude[0].text() == "/a/*.gz");
    CHECK(stream.topic == "Logs_of-web.1");
    CHECK((stream.framing == tail::Framing::multiline));
    CHECK(stream.multiline_start == R"(^\d)");
    CHECK(stream.pack_bytes == 65536);
    CHECK(stream.max_record_bytes == 65536);
    CHECK((stream.start == tail::Start::end));
    CHECK((stream.key == tail::RecordKey::file));
    CHECK(stream.rate_limit_bytes == 1'000'000'000'000);
    CHECK(stream.follow_symlinks);
    settings.framing = "frames";
    settings.multiline_start.reset();
    CHECK((check_streams(std::vector{settings}, own_topics)->front().framing == tail::Framing::frames));
}

struct Row {
    Field field;
    std::string_view got;  // whole
    std::string_view what; // its beginning
    void (*spoil)(StreamSettings&);
};

const Row rows[] = {
    {Field::include, "", "missing", [](StreamSettings& s) { s.include.clear(); }},
    {Field::include, "\"a\"", "not an absolute path", [](StreamSettings& s) { s.include = {"/x", "a"}; }},
    {Field::include, "\"\"", "empty", [](StreamSettings& s) { s.include = {"/x", ""}; }},
    {Field::include, "\"/a[\"", "byte 3: ", [](StreamSettings& s) { s.include = {"/x", "/a["}; }},
    {Field::include, "", "257 globs, at most 256", [](StreamSettings& s) { s.include.assign(257, "/a"); }},
    {Field::exclude, "\"b/*\"", "not an absolute path", [](StreamSettings& s) { s.exclude = {"/x", "b/*"}; }},
    {Field::exclude, "", "257 globs, at most 256", [](StreamSettings& s) { s.exclude.assign(257, "/a"); }},
    {Field::topic, "", "missing", [](StreamSettings& s) { s.topic.reset(); }},
    {Field::topic, "\"\"", "a topic has", [](StreamSettings& s) { s.topic = ""; }},
    {Field::topic, "\"a b\"", "a topic has", [](StreamSettings& s) { s.topic = "a b"; }},
    {Field::topic, "\"a/b\"", "a topic has", [](StreamSettings& s) { s.topic = "a/b"; }},
    {Field::topic, "\"\xC3\xA4\"", "a topic has", [](StreamSettings& s) { s.topic = "\xC3\xA4"; }},
    {Field::topic, "\".\"", "a topic has", [](StreamSettings& s) { s.topic = "."; }},
    {Field::topic, "\"..\"", "a topic has", [](StreamSettings& s) { s.topic = ".."; }},
    {Field::topic, "\"p.mabs\"", "the agent's own", [](StreamSettings& s) { s.topic = "p.mabs"; }},
    {Field::topic, "\"p.mabs.agent\"", "the agent's own", [](StreamSettings& s) { s.topic = "p.mabs.agent"; }},
    {Field::framing, "\"line\"", "expected lines, multiline or frames", [](StreamSettings& s) { s.framing = "line"; }},
    {Field::framing, "\"Lines\"", "expected lines", [](StreamSettings& s) { s.framing = "Lines"; }},
    {Field::framing, "\"\"", "expected lines", [](StreamSettings& s) { s.framing = ""; }},
    {Field::framing, "\"x\"", "expected",
     [](StreamSettings& s) { s.framing = "x", s.multiline_start = "a"; }}, // and no word of multiline_start
    {Field::multiline_start, "", "missing", [](StreamSettings& s) { s.framing = "multiline"; }},
    {Field::multiline_start, "", "only with framing multiline", [](StreamSettings& s) { s.multiline_start = "a"; }},
    {Field::multiline_start, "", "only with", [](StreamSettings& s) { s.framing = "frames", s.multiline_start = "("; }},
    {Field::multiline_start, "\"(\"", "byte ",
     [](StreamSettings& s) { s.framing = "multiline", s.multiline_start = "("; }},
    {Field::multiline_start, "\"\"", "empty",
     [](StreamSettings& s) { s.framing = "multiline", s.multiline_start = ""; }},
    {Field::pack_bytes, "1044481", "expected a whole number from 0 to 1044480",
     [](StreamSettings& s) { s.pack_bytes = limits::max_log_record_bytes + 1; }},
    {Field::pack_bytes, "18446744073709551615", "expected",
     [](StreamSettings& s) { s.pack_bytes = ~std::uint64_t{0}; }},
    {Field::pack_bytes, "2001", "more than max_record_bytes, 2000",
     [](StreamSettings& s) { s.pack_bytes = 2001, s.max_record_bytes = 2000; }},
    {Field::max_record_bytes, "1023", "expected a whole number from 1024 to 1044480",
     [](StreamSettings& s) { s.max_record_bytes = 1023; }},
    {Field::max_record_bytes, "0", "expected", [](StreamSettings& s) { s.max_record_bytes = 0; }},
    {Field::max_record_bytes, "1044481", "expected",
     [](StreamSettings& s) { s.max_record_bytes = limits::max_log_record_bytes + 1; }},
    {Field::max_record_bytes, "5", "expected",
     [](StreamSettings& s) { s.pack_bytes = 2001, s.max_record_bytes = 5; }}, // and no word of pack_bytes
    {Field::start, "\"now\"", "expected beginning or end", [](StreamSettings& s) { s.start = "now"; }},
    {Field::key, "\"path\"", "expected none or file", [](StreamSettings& s) { s.key = "path"; }},
    {Field::name, "\"\"", "1 to 255", [](StreamSettings& s) { s.name = ""; }},
    {Field::name, "\"a b\"", "1 to 255", [](StreamSettings& s) { s.name = "a b"; }},
    {Field::name, "\"a\\x09\"", "1 to 255", [](StreamSettings& s) { s.name = "a\t"; }},
    {Field::name, "\"\\xff\"", "1 to 255", [](StreamSettings& s) { s.name = "\xFF"; }},
};

TEST_CASE("what is wrong names its field, what was typed, and nothing else") {
    for (const auto& row : rows) {
        CAPTURE(key_of(row.field));
        CAPTURE(row.got);
        CAPTURE(row.what);
        auto bad = good("second");
        row.spoil(bad);
        const auto faults = faults_of({good(), bad});
        REQUIRE(faults.size() == 1);
        CHECK(faults[0].stream == 1);
        CHECK((faults[0].field == row.field));
        CHECK(faults[0].got == row.got);
        CHECK(faults[0].what.starts_with(row.what));
        const bool is_of_item = !row.got.empty() && (row.field == Field::include || row.field == Field::exclude);
        CHECK(faults[0].item == (is_of_item ? 1 : StreamFault::no_item));
    }
}

TEST_CASE("all that is wrong is told at once") {
    StreamSettings none;
    auto bad = good();
    bad.topic = "a b";
    bad.exclude = {"x", "/y", "z"};
    bad.start = "now";
    bad.key = "now";
    CHECK(faults_of({none, bad}).size() == 7);
}

TEST_CASE("what could not be read is not missing, and nothing follows from it") {
    StreamSettings settings;
    settings.unread.set();
    CHECK(faults_of({settings}).empty());
    settings.multiline_start = "a"; // framing is not known
    settings.pack_bytes = 2000;     // nor is max_record_bytes
    CHECK(faults_of({settings}).empty());
}

TEST_CASE("values at the ends of their ranges") {
    auto settings = good(std::string(249, 't'));
    settings.name = std::string(255, 'n');
    settings.pack_bytes = limits::max_log_record_bytes;
    settings.include.assign(limits::max_path_globs, "/a");
    settings.exclude.assign(limits::max_path_globs, "/a");
    settings.rate_limit = ~std::uint64_t{0};
    CHECK(faults_of({settings}).empty());
    settings.max_record_bytes = limits::least_log_record_bytes;
    settings.pack_bytes = limits::least_log_record_bytes;
    CHECK(faults_of({settings}).empty());
    settings.name->push_back('n');
    settings.topic->push_back('t');
    CHECK(faults_of({settings}).size() == 2);
}

TEST_CASE("names are those given, or the topic and its count") {
    auto named = good("t");
    named.name = "mine";
    CHECK(names_of({good("t"), good("u"), good("t"), named, good("t")}) ==
          std::vector<std::string>{"t", "u", "t#2", "mine", "t#4"});
    auto first = good("u");
    first.name = "t#2";
    const auto faults = faults_of({first, good("t"), good("t")});
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].stream == 2);
    CHECK(faults[0].got == "\"t#2\"");
    CHECK(faults[0].what.find("logs[0]") != std::string::npos);
    named.name = "t";
    const auto taken = faults_of({good("t"), named, named});
    REQUIRE(taken.size() == 2);
    CHECK(taken[0].stream == 1);
    CHECK((taken[1].field == Field::name));
}

TEST_CASE("without include it is for files that are named") {
    StreamSettings settings;
    settings.topic = "t";
    CHECK(faults_of({settings}, Include::none).empty());
    CHECK(faults_of({settings}).size() == 1);
}

TEST_CASE("flags are keys with dashes") {
    CHECK(flag_of(Field::pack_bytes) == "--pack-bytes");
    CHECK(flag_of(Field::topic) == "--topic");
    CHECK(key_of(Field::follow_symlinks) == "follow_symlinks");
    CHECK(expected_number(Field::rate_limit) == "a whole number from 0");
    CHECK(expected_number(Field::max_record_bytes) == "a whole number from 1024 to 1044480");
}

} // namespace
} // namespace agent::app
