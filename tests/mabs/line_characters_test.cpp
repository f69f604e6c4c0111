// Which bytes may stand in a line, and that they outrank every other error wherever they stand.
#include "mabs/line_parser.hpp"
#include "mabs/tag_parser.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using core::RejectReason;
using namespace std::string_literals;

constexpr std::int64_t now_ms = 1'763'750'431'250;

// All that is looked at before a line is merged, in the agent's order, but for the digest.
LineError judge(const std::string& text) {
    Line line;
    auto error = parse_line(text, TimeWindow::around(now_ms), line);
    if (!error && carries_data(line.verb)) {
        error = check_metric(line.metric);
        if (!error) {
            TagList tags;
            error = parse_tags(line.tail, line.verb == Verb::put ? ByNode::ordinary_tag : ByNode::flag, tags);
        }
    }
    return error ? outranking_error(text, error) : error;
}

const std::vector<std::string> good_lines{
    "mabs c metric 1763750400 1 tag=value other=one by_node=True",
    "mabs counter m 1",
    "mabs gauge metric 1.5 tag=value",
    "mabs h metric 1763750400 AAAAAAAA tag=value",
    "mabs s m 1e5 t=",
    "put metric 1763750400 17 tag=value",
    "sync token",
    "help",
    "version",
    "stats",
};

struct BadByte {
    std::string bytes;
    RejectReason reason;
};

const std::vector<BadByte> bad_bytes{
    {"\0"s, RejectReason::control_character},
    {"\x01", RejectReason::control_character},
    {"\x0B", RejectReason::control_character},
    {"\r", RejectReason::control_character},
    {"\x1B", RejectReason::control_character},
    {"\x1F", RejectReason::control_character},
    {"\x7F", RejectReason::control_character},
    {"\xC2\x80", RejectReason::control_character},
    {"\xC2\x85", RejectReason::control_character},
    {"\xC2\x9F", RejectReason::control_character},
    {"\x80", RejectReason::invalid_utf8},
    {"\xFF", RejectReason::invalid_utf8},
    {"\xC3", RejectReason::invalid_utf8},
    {"\xC0\xAF", RejectReason::invalid_utf8},
    {"\xE0\x80\xAF", RejectReason::invalid_utf8},
    {"\xED\xA0\x80", RejectReason::invalid_utf8},
    {"\xF4\x90\x80\x80", RejectReason::invalid_utf8},
};

TEST_CASE("a bad byte rejects the line under its own name, wherever it stands") {
    for (const auto& good : good_lines) {
        CAPTURE(good);
        REQUIRE(!judge(good));
        for (const auto& [bytes, reason] : bad_bytes) {
            for (std::size_t at = 0; at <= good.size(); ++at) {
                auto text = good;
                text.insert(at, bytes);
                const auto digest_at = good.find("AAAAAAAA");
                if (digest_at != std::string::npos && at >= digest_at && at <= digest_at + 8 &&
                    static_cast<unsigned char>(bytes[0]) > 0x20) {
                    continue; // becomes part of the digest, which is not looked at here
                }
                CAPTURE(text);
                const auto error = judge(text);
                REQUIRE(core::to_string(error.reason) == core::to_string(reason));
                REQUIRE(error.offset == at);
            }
        }
    }
}

TEST_CASE("a bad byte outranks every other error of its line") {
    for (const std::string wrong : {"foo",
                                    "mabs x m 1",
                                    "mabs c",
                                    "mabs c m",
                                    "mabs c m x",
                                    "mabs c m 1 2",
                                    "mabs c m 0000000000 1",
                                    "mabs c m 9999999999 1",
                                    "mabs c m 99999999999999999999",
                                    "mabs c {} 1",
                                    "mabs c m 1 word",
                                    "mabs c m 1 =x",
                                    "mabs c m 1 a=1 a=2",
                                    "mabs c m 1 by_node=x",
                                    "put m",
                                    "put m 1763750400",
                                    "put m x 1",
                                    "sync",
                                    "sync a b",
                                    "help me"}) {
        CAPTURE(wrong);
        REQUIRE(judge(wrong));
        for (const auto& [bytes, reason] : bad_bytes) {
            CHECK(core::to_string(judge(wrong + " " + bytes).reason) == core::to_string(reason));
            CHECK(core::to_string(judge(wrong + bytes).reason) == core::to_string(reason));
            CHECK(core::to_string(judge(bytes + wrong).reason) == core::to_string(reason));
        }
    }
}

TEST_CASE("a line of nothing but bad bytes is not blank") {
    for (const auto& [bytes, reason] : bad_bytes) {
        for (const auto& text : {bytes, " " + bytes, bytes + " ", " " + bytes + "\t" + bytes}) {
            CHECK(core::to_string(judge(text).reason) == core::to_string(reason));
        }
    }
}

TEST_CASE("printable characters of every length may stand in metrics, tags and tokens") {
    for (const std::string good : {"é", "ß", "\xC2\xA0", "日", "😀", "\xEF\xBB\xBF", "\xF4\x8F\xBF\xBF"}) {
        CHECK(!judge("mabs c " + good + " 1 " + good + "=" + good));
        CHECK(!judge("put " + good + " 1763750400 1 " + good + "=" + good));
        CHECK(!judge("sync " + good));
    }
}

TEST_CASE("names of 255 bytes are taken, names of 256 are not") {
    const std::string n255(255, 'n');
    CHECK(!judge("mabs c " + n255 + " 1 " + n255 + "=1"));
    CHECK(judge("mabs c " + n255 + "n 1").reason == RejectReason::bad_metric);
    CHECK(judge("put " + n255 + "n 1763750400 1").reason == RejectReason::bad_metric);
    CHECK(judge("mabs c m 1 " + n255 + "n=1").reason == RejectReason::bad_tag_name);
}

} // namespace
} // namespace agent::mabs
