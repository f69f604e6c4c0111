#include "app/parse_lines.hpp"

#include "core/limits.hpp"
#include "support/digest_text.hpp"
#include "support/fake_clock.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace agent::app {
namespace {

using namespace std::string_literals;
using nlohmann::json;

constexpr const char* now = "1763750431"; // FakeClock's second

// The whole stream, fed in chunks of `chunk_bytes`.
struct Parsed {
    explicit Parsed(std::string_view stream, const ParseOptions& options = {}, std::size_t chunk_bytes = 1 << 20,
                    std::string_view file = {}) {
        const test::FakeClock clock;
        ParseLines lines(options, clock);
        lines.begin(file);
        std::string buffer;
        while (!stream.empty()) {
            const auto chunk = stream.substr(0, chunk_bytes);
            stream.remove_prefix(chunk.size());
            const auto rest_bytes = buffer.size();
            buffer.append(chunk);
            lines.receive(buffer, rest_bytes);
            buffer = std::string(lines.rest());
        }
        lines.end_of_stream(buffer);
        text = lines.out();
        all_good = lines.all_good();
    }

    std::string text;
    bool all_good = false;
};

TEST_CASE("samples of every type") {
    struct Row {
        std::string line;
        std::string shown;
    };
    const Row rows[] = {
        {"mabs counter a 5", R"("type":"counter","metric":"a","value":5,"tags":{},"by_node":false)"},
        {"mabs c a "s + now + " -5 b=2 a=1 by_node=1",
         R"("type":"counter","metric":"a","timestamp_ms":1763750431000,"value":-5,"tags":{"a":"1","b":"2"},"by_node":true)"},
        {"mabs c a 9223372036854775807",
         R"("type":"counter","metric":"a","value":9223372036854775807,"tags":{},"by_node":false)"},
        {"mabs g a 1.0E-5 e= by_node=False", R"("type":"gauge","metric":"a","value":1e-05,"tags":{},"by_node":false)"},
        {"mabs g a -0", R"("type":"gauge","metric":"a","value":-0.0,"tags":{},"by_node":false)"},
        {"mabs g a 2.0", R"("type":"gauge","metric":"a","value":2,"tags":{},"by_node":false)"},
        {"mabs s a 0.1 t=\"\\", R"("type":"sample","metric":"a","value":0.1,"tags":{"t":"\"\\"},"by_node":false)"},
        {"put a "s + now + "250 12345678901234567 by_node=x",
         R"("type":"point","metric":"a","timestamp_ms":1763750431250,"value":12345678901234567,"tags":{"by_node":"x"},"by_node":false)"},
        {"put a "s + now + " 1.5",
         R"("type":"point","metric":"a","timestamp_ms":1763750431000,"value":1.5,"tags":{},"by_node":false)"},
    };
    for (const auto& [line, shown] : rows) {
        CAPTURE(line);
        const Parsed parsed(line + "\n");
        CHECK(parsed.text == R"({"line":1,)" + shown + "}\n");
        CHECK(parsed.all_good);
    }
}

TEST_CASE("a gauge behind an integer is no integer") {
    const Parsed parsed("mabs c a 7\nmabs g a 1.5\nmabs s a 2.5\n");
    CHECK(parsed.text.find(R"("value":1.5)") != std::string::npos);
    CHECK(parsed.text.find(R"("value":2.5)") != std::string::npos);
}

TEST_CASE("a histogram's value says what is in it") {
    const Parsed parsed("mabs h a " + test::digest_text({1, 2, 3}) + " x=y\n");
    const auto value = json::parse(parsed.text)["value"];
    CHECK(value == json::parse(R"({"count":3,"min":1,"max":3,"sum":6,"layout":"merging-verbose","compression":100,
                                   "centroids":3})"));
}

TEST_CASE("commands are told and not obeyed, blank lines say nothing") {
    const Parsed parsed("\n  \n\r\nsync t\"\nhelp\nversion\nstats\nquit\nexit\n mabs c a 1\n");
    CHECK(parsed.text == R"({"line":4,"command":"sync","token":"t\""})"
                         "\n"
                         R"({"line":5,"command":"help"})"
                         "\n"
                         R"({"line":6,"command":"version"})"
                         "\n"
                         R"({"line":7,"command":"stats"})"
                         "\n"
                         R"({"line":8,"command":"quit"})"
                         "\n"
                         R"({"line":9,"command":"quit"})"
                         "\n"
                         R"({"line":10,"type":"counter","metric":"a","value":1,"tags":{},"by_node":false})"
                         "\n");
    CHECK(parsed.all_good);
}

TEST_CASE("errors have their code and their column in bytes") {
    struct Row {
        std::string line;
        const char* code;
        std::size_t column;
    };
    const Row rows[] = {
        {"frob", "unknown_command", 1},
        {"  frob", "unknown_command", 3},
        {"mabs counter a 1.5", "bad_value", 16},
        {"mabs counter", "missing_metric", 13},
        {"mabs c Größe x", "bad_value", 16}, // 14th character
        {"mabs c a{ 1", "bad_metric", 8},
        {"mabs h a{ AAAA", "bad_digest", 11},
        {"mabs c a 1 b=1 c", "bad_tag", 16},
        {"put a{ "s + now + " 1", "bad_metric", 5},
        {"put a "s + now + " 1 =v", "bad_tag_name", 20},
        {"mabs c a 1 t=\x01", "control_character", 14},
        {"mabs frob\xFF", "invalid_utf8", 10},
        {std::string(65537, 'x'), "line_too_long", 65537},
    };
    for (const auto& [line, code, column] : rows) {
        CAPTURE(line.substr(0, 40));
        const Parsed parsed(line + "\n");
        const auto answer = json::parse(parsed.text);
        CHECK(answer["line"] == 1);
        CHECK(answer["error"]["code"] == code);
        CHECK(answer["error"]["column"] == column);
        CHECK(!answer["error"]["message"].get<std::string>().empty());
        CHECK(!parsed.all_good);
    }
}

TEST_CASE("a digest's fault is told in detail, for its own line only") {
    const Parsed parsed("mabs h a AAAA\nmabs c a x\nmabs h a AAAA\x01\nmabs c a y\n");
    CHECK(parsed.text.find(R"(t-digest: 3 bytes are too few for a digest")") != std::string::npos);
    CHECK(parsed.text.find(R"(got \"x\"",)") != std::string::npos);
    CHECK(parsed.text.find(R"("\"\\x01\" is a control character")") != std::string::npos);
}

TEST_CASE("what stands behind the last LF is no line") {
    const Parsed parsed("mabs c a 1\nmabs c a 1");
    CHECK(parsed.text.find(R"({"line":2,"error":{"code":"unterminated_line")") != std::string::npos);
    CHECK(parsed.text.find(R"("column":11}})") != std::string::npos);
    CHECK(!parsed.all_good);
    const Parsed too_long(std::string(70'000, 'x'));
    CHECK(too_long.text.find(R"({"line":1,"error":{"code":"line_too_long")") == 0);
    CHECK(Parsed("").text.empty());
    CHECK(Parsed("").all_good);
}

TEST_CASE("timestamps are held against the clock, another moment, or nothing") {
    const std::string old = "put a 0000000001 1\n";
    const std::string ahead = "put a 9999999999 1\n";
    CHECK(Parsed(old).text.find("timestamp_too_old") != std::string::npos);
    CHECK(Parsed(ahead).text.find("timestamp_too_far_ahead") != std::string::npos);
    ParseOptions then;
    then.now_ms = 1'000'000;
    CHECK(Parsed(old, then).all_good);
    CHECK(!Parsed("put a "s + now + " 1\n", then).all_good);
    ParseOptions any;
    any.any_time = true;
    CHECK(Parsed(old + ahead + "put a 0000000000000 1\n", any).all_good);
    CHECK(Parsed("mabs c a 1\n", any).text.find("timestamp") == std::string::npos);
}

TEST_CASE("the same for any chunks") {
    const std::string stream = "mabs c a 1\n\r\nfrob\n" + std::string(66'000, 'y') + "\nmabs g b 1.5 t=é\r\nmabs h c " +
                               test::digest_text({1, 2}) + "\nmabs c";
    const Parsed whole(stream);
    for (const std::size_t chunk_bytes : {1U, 2U, 7U, 4096U, 65536U}) {
        CAPTURE(chunk_bytes);
        CHECK(Parsed(stream, {}, chunk_bytes).text == whole.text);
    }
}

TEST_CASE("a named file is told with each line, whatever its name") {
    const Parsed parsed("mabs c a 1\nfrob\nquit\n", {}, 1 << 20, "a\"b\xFF\n.txt");
    CHECK(parsed.text.starts_with(R"({"file":"a\"b??.txt","line":1,"type":)"));
    CHECK(parsed.text.find("\n"
                           R"({"file":"a\"b??.txt","line":2,"error":)") != std::string::npos);
    CHECK(parsed.text.find("\n"
                           R"({"file":"a\"b??.txt","line":3,"command":)") != std::string::npos);
}

TEST_CASE("lines are counted anew in each stream, and a line that was left unfinished does not reach into the next") {
    const test::FakeClock clock;
    const ParseOptions options;
    ParseLines lines(options, clock);
    lines.begin();
    lines.receive(std::string(70'000, 'x'), 0);
    lines.end_of_stream({});
    lines.out().clear();
    lines.begin();
    lines.receive("mabs c a 1\n", 0);
    CHECK(lines.out().starts_with(R"({"line":1,"type":)"));
}

TEST_CASE("errors on a terminal are for people, samples are as ever") {
    ParseOptions options;
    options.error_columns = 80;
    const Parsed parsed("mabs c a 1\nmabs counter a 1.5\n", options);
    CHECK(parsed.text == R"({"line":1,"type":"counter","metric":"a","value":1,"tags":{},"by_node":false})"
                         "\n"
                         "line 2, column 16: bad_value: counter wants a decimal integer (int64), got \"1.5\"\n"
                         "  mabs counter a 1.5\n"
                         "                 ^~~\n");
    CHECK(!parsed.all_good);
    CHECK(Parsed("mabs c a 1", options).text.ends_with("  mabs c a 1\n            ^\n"));
    CHECK(Parsed(std::string(65'537, 'x') + "\n", options).text ==
          "line 1, column 65537: line_too_long: line is longer than 65536 bytes\n");
    CHECK(Parsed("x\n", options, 99, "f.txt").text.starts_with("f.txt: line 1, column 1: unknown_command: "));
}

TEST_CASE("whatever the bytes, each answer is one object on one line") {
    for (int byte = 0; byte < 256; ++byte) {
        if (byte == '\n') {
            continue;
        }
        CAPTURE(byte);
        for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{{"", "mabs c a 1"},
                                                                                            {"mabs c ", " 1"},
                                                                                            {"mabs c a ", "1"},
                                                                                            {"mabs c a 1 t", "=v"},
                                                                                            {"mabs c a 1 t=", ""},
                                                                                            {"mabs h a ", ""},
                                                                                            {"sync ", ""}}) {
            const Parsed parsed(before + static_cast<char>(byte) + after + "\n");
            if (parsed.text.empty()) {
                continue;
            }
            CHECK(parsed.text.find('\n') == parsed.text.size() - 1);
            CHECK(json::accept(parsed.text));
        }
    }
}

} // namespace
} // namespace agent::app
