#include "app/config_file.hpp"

#include "app/config_tree.hpp"
#include "core/limits.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

using namespace std::string_view_literals;
using Lines = std::vector<std::string>;

const auto own_topics = core::topic_names("");

ConfigResult parse(std::string_view text) {
    return parse_config(text, "c.json", own_topics);
}

Lines errors_of(std::string_view text) {
    auto parsed = parse(text);
    return parsed ? Lines() : parsed.error();
}

std::string with_streams(std::string_view streams) {
    return std::string("{\"logs\": [").append(streams).append("]}");
}

// A stream that is good, and more keys.
std::string with_keys(std::string_view more) {
    return with_streams(std::string(R"({"include": ["/a"], "topic": "t", )").append(more).append("}"));
}

TEST_CASE("every key arrives") {
    const auto config = parse(R"(// the web server
{
    "logs": [ /* two */
        {
            "name": "web", // for people
            "include": ["/var/log/web/*.log", "/srv/**/web.log"],
            "exclude": ["/var/log/web/debug.log"],
            "topic": "web",
            "framing": "multiline",
            "multiline_start": "^\\d{4}-",
            "pack_bytes": 65536,
            "max_record_bytes": 100000,
            "start": "end",
            "key": "file",
            "rate_limit": 1000000,
            "follow_symlinks": true
        },
        {"include": ["/var/log/*.log"], "topic": "system"}
    ]
}
)");
    REQUIRE(config.has_value());
    REQUIRE(config->logs.size() == 2);
    const auto& web = config->logs[0];
    CHECK(web.name == "web");
    REQUIRE(web.include.size() == 2);
    CHECK(web.include[1].text() == "/srv/**/web.log");
    REQUIRE(web.exclude.size() == 1);
    CHECK(web.exclude[0].text() == "/var/log/web/debug.log");
    CHECK(web.topic == "web");
    CHECK((web.framing == tail::Framing::multiline));
    CHECK(web.multiline_start == "^\\d{4}-");
    CHECK(web.pack_bytes == 65536);
    CHECK(web.max_record_bytes == 100000);
    CHECK((web.start == tail::Start::end));
    CHECK((web.key == tail::RecordKey::file));
    CHECK(web.rate_limit_bytes == 1000000);
    CHECK(web.follow_symlinks);
    CHECK(config->logs[1].name == "system");
    CHECK((config->logs[1].framing == tail::Framing::lines));
}

TEST_CASE("nothing is needed") {
    for (const auto text : {"{}"sv, " { } "sv, "{\"logs\": []}"sv, "\xEF\xBB\xBF{}"sv, "// nothing\n{}//"sv}) {
        CAPTURE(text);
        REQUIRE(parse(text).has_value());
        CHECK(parse(text)->logs.empty());
    }
}

TEST_CASE("what is wrong has its line and its place") {
    struct Row {
        std::string text;
        std::string error; // its beginning
    };
    const auto row = [](std::string text, std::string error) { return Row{std::move(text), std::move(error)}; };
    const Row rows[] = {
        row("[]", "c.json:1: expected an object, { ... }; this is an array"),
        row("\n\n3", "c.json:3: expected an object"),
        row("null", "c.json:1: expected an object"),
        row("{\"logs\":\n{}}", "c.json:2: logs: expected an array of streams, [ ... ], not an object"),
        row("{\"logs\": null}", "c.json:1: logs: expected an array of streams, [ ... ], not null"),
        row("{\n\"log\": []}", "c.json:2: log: unknown key; is it \"logs\" that is meant?"),
        row("{\"brokers\": \"k\"}", "c.json:1: brokers: unknown key; known here: logs"),
        row("{\"a\\u001b\\n\": 1}", "c.json:1: \"a\\x1b\\x0a\": unknown key"),
        row("{\"logs\": [],\n\"logs\": []}", "c.json:2: logs: given twice, first in line 1"),
        row(with_streams("5"), "c.json:1: logs[0]: expected an object, { ... }, not 5"),
        row(with_keys("\n\"topics\": 1"), "c.json:2: logs[0].topics: unknown key; is it \"topic\" that is meant?"),
        row(with_keys("\n\"zzz\": 1"), "c.json:2: logs[0].zzz: unknown key; known here: name, include, "),
        row(with_keys("\n\"topic\": \"u\""), "c.json:2: logs[0].topic: given twice, first in line 1"),
        row(with_keys("\n\"name\": 7"), "c.json:2: logs[0].name: expected a string, not 7"),
        row(with_keys("\n\"names\":\n\n7"), "c.json:2: logs[0].names: unknown key"), // where the key stands
        row(with_keys("\n\"name\":\n7\n"), "c.json:3: logs[0].name: expected a string, not 7"),
        row(with_keys("\"name\": \"a b\""), "c.json:1: logs[0].name: \"a b\": 1 to 255 bytes"),
        row(with_keys("\n\"exclude\": \"/a\""),
            "c.json:2: logs[0].exclude: expected an array of strings, [ ... ], not \"/a\""),
        row(with_keys("\"exclude\": [\n\"/a\",\n true]"), "c.json:3: logs[0].exclude[1]: expected a string, not true"),
        row(with_keys("\"exclude\": [\n\"/a\",\n\"b\"]"), "c.json:3: logs[0].exclude[1]: \"b\": not an absolute path"),
        row(with_keys("\n\"framing\": \"x\""), "c.json:2: logs[0].framing: \"x\": expected lines, multiline or frames"),
        row(with_keys("\n\"framing\": 1,\"multiline_start\":\"a\""), "c.json:2: logs[0].framing: expected a string"),
        row(with_keys("\n\"framing\":\"multiline\""), "c.json:1: logs[0].multiline_start: missing"),
        row(with_keys("\n\"multiline_start\":\"a\""), "c.json:2: logs[0].multiline_start: only with"),
        row(with_keys("\n\"pack_bytes\": -1"),
            "c.json:2: logs[0].pack_bytes: expected a whole number from 0 to 1044480, not -1"),
        row(with_keys("\n\"pack_bytes\": 1.5"),
            "c.json:2: logs[0].pack_bytes: expected a whole number from 0 to 1044480, not 1.5"),
        row(with_keys("\n\"pack_bytes\": \"1\""), "c.json:2: logs[0].pack_bytes: expected a whole number"),
        row(with_keys("\n\"pack_bytes\": 1044481\n"), "c.json:2: logs[0].pack_bytes: 1044481: expected"),
        row(with_keys("\n\"max_record_bytes\": 1"), "c.json:2: logs[0].max_record_bytes: 1: expected"),
        row(with_keys("\n\"rate_limit\": 18446744073709551616"),
            "c.json:2: logs[0].rate_limit: expected a whole number from 0, not 18446744073709551616"),
        row(with_keys("\n\"rate_limit\": -5"), "c.json:2: logs[0].rate_limit: expected a whole number from 0, not -5"),
        row(with_keys("\n\"start\": \"top\""), "c.json:2: logs[0].start: \"top\": expected beginning or end"),
        row(with_keys("\n\"key\": null"), "c.json:2: logs[0].key: expected a string, not null"),
        row(with_keys("\n\"follow_symlinks\": 1"), "c.json:2: logs[0].follow_symlinks: expected true or false, not 1"),
        row(with_streams("\n\n{\"include\": [\"/a\"]}"), "c.json:3: logs[0].topic: missing"),
        row(with_streams("{\"topic\": \"t\",\n\"include\": []}"), "c.json:2: logs[0].include: missing"),
        row(with_streams("{\"topic\": \"t\",\n\"include\": [5]}"), "c.json:2: logs[0].include[0]: expected a string"),
        row(with_streams("{\"topic\": \"t\",\n\"include\": 5}"), "c.json:2: logs[0].include: expected an array"),
        row(with_streams("{\"topic\": \"t\",\n\"inclde\": []}"), "c.json:2: logs[0].inclde: unknown key"),
        row(with_streams("{\"include\": [\"/a\"],\n\"topic\": \"mabs\"}"),
            "c.json:2: logs[0].topic: \"mabs\": the agent's own"),
        row(with_streams(R"({"include": ["/a"], "topic": "t"},)"
                         "\n"
                         R"({"include": ["/b"], "topic": "u", "name": "t"})"),
            "c.json:2: logs[1].name: \"t\": the name of logs[0] too"),
    };
    for (const auto& [text, error] : rows) {
        CAPTURE(text);
        const auto errors = errors_of(text);
        REQUIRE(errors.size() == 1);
        CAPTURE(errors[0]);
        CHECK(errors[0].starts_with(error));
    }
}

TEST_CASE("all that is wrong is told at once, in the order of the lines") {
    const auto errors = errors_of(R"({
    "logs": [
        {"topic": "t"},
        {"include": ["a", "/b["], "topic": "a b", "pack-bytes": 1},
        7,
        {"include": ["/a"], "topic": "u",
         "start": "top"}
    ],
    "listen": 1
})");
    const Lines expected = {"c.json:3: logs[0].include: missing", "c.json:4: logs[1].pack-bytes: unknown key",
                            "c.json:4: logs[1].include[0]: ",     "c.json:4: logs[1].include[1]: ",
                            "c.json:4: logs[1].topic: ",          "c.json:5: logs[2]: expected an object",
                            "c.json:7: logs[3].start: ",          "c.json:9: listen: unknown key"};
    REQUIRE(errors.size() == expected.size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        CAPTURE(errors[i]);
        CHECK(errors[i].starts_with(expected[i]));
    }
}

TEST_CASE("what is no JSON has its line and its column") {
    struct Row {
        std::string_view text;
        std::string_view error; // its beginning
    };
    const Row rows[] = {
        {"", "c.json:1:1: syntax error"},
        {"// only\n", "c.json:2:1: syntax error"},
        {"{", "c.json:1:2: syntax error"},
        {"{\"logs\": [}", "c.json:1:11: syntax error"},
        {"{\n  \"logs\": [],\n}", "c.json:3:1: syntax error while parsing object key - unexpected '}'"},
        {"{\"logs\": [\n  }", "c.json:2:3: syntax error"},
        {"{\"logs\": [5 \"a}\"]}", "c.json:1:13: syntax error"},
        {"{\"logs\": []} x", "c.json:1:14: syntax error"},
        {"{\"logs\": []}\n[]", "c.json:2:1: syntax error"},
        {"{\"logs\": [],\n\"lo", "c.json:2:4: syntax error"},
        {"{\n\"lo\ngs\": []}", "c.json:2:4: syntax error"}, // a line's end in a string
        {"{\n \"logs\" \"again\"}", "c.json:2:9: syntax error"},
        {"{\"logs\": nul}", "c.json:1:13: syntax error"},
        {"{\"logs\": 01}", "c.json:1:11: syntax error"},
        {"{'logs': []}", "c.json:1:2: syntax error"},
        {"{\"logs\": \"\\q\"}", "c.json:1:12: syntax error"},
        {"{\"logs\": \"\xFF\"}", "c.json:1:11: syntax error"},
        {"{\"logs\": 1e999}", "c.json:1:14: number overflow"},
        {"{\"a\": 1 # no comment\n}", "c.json:1:9: syntax error"},
        {"{} /* open", "c.json:1:11: syntax error"},
        {"\0"sv, "c.json:1:1: syntax error"},
    };
    for (const auto& [text, error] : rows) {
        CAPTURE(text);
        const auto errors = errors_of(text);
        REQUIRE(errors.size() == 1);
        CAPTURE(errors[0]);
        CHECK(errors[0].starts_with(error));
        for (const char c : errors[0]) {
            CHECK((static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F));
        }
        CHECK(errors[0].size() < 300);
    }
    CHECK(errors_of("\"" + std::string(100'000, 'x') + "\n").at(0).size() < 300);
}

TEST_CASE("how deep and how many") {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(errors_of("{\"x\":\n" + nested(max_config_depth - 1) + "}").at(0).starts_with("c.json:1: x: unknown"));
    const auto deep = errors_of("{\"x\":\n" + nested(max_config_depth) + "}");
    REQUIRE(deep.size() == 1);
    CHECK(deep[0] == "c.json:2:16: nested deeper than 16");
    CHECK(errors_of(nested(1'000'000)).size() == 1);

    const auto streams = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            text += std::string(i == 0 ? "" : ",\n") + R"({"include": ["/a"], "topic": "t)" + std::to_string(i) + "\"}";
        }
        return with_streams(text);
    };
    CHECK(parse(streams(core::limits::max_log_streams))->logs.size() == core::limits::max_log_streams);
    CHECK(errors_of(streams(core::limits::max_log_streams + 1)) == Lines{"c.json:1: logs: 65 streams, at most 64"});

    std::string keys;
    for (int i = 0; i < 150; ++i) {
        keys += (i == 0 ? "\"unknown" : ",\"unknown") + std::to_string(i) + "\":1";
    }
    const auto many = errors_of("{" + keys + "}");
    REQUIRE(many.size() == max_config_errors + 1);
    CHECK(many.back() == "c.json: and 50 more");
}

TEST_CASE("a file that cannot be read says why") {
    const auto error = [](const std::string& path) {
        const auto config = read_config(path, own_topics);
        REQUIRE(!config.has_value());
        REQUIRE(config.error().size() == 1);
        return config.error()[0];
    };
    CHECK(error("/nonexistent/c.json") == "--config /nonexistent/c.json: cannot open it: No such file or directory");
    CHECK(error("/") == "--config /: cannot read it: Is a directory");
    CHECK(error("/dev/zero") == "--config /dev/zero: longer than 4194304 bytes");
    CHECK(error("/dev/null").starts_with("/dev/null:1:1: syntax error"));
}

} // namespace
} // namespace agent::app
