#include "mabs/tag_parser.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::mabs {
namespace {

using core::RejectReason;
using namespace std::string_literals;
using Tags = std::vector<std::pair<std::string, std::string>>;

Tags tags_of(const TagList& list) {
    Tags tags;
    for (const auto& tag : list.view()) {
        tags.emplace_back(tag.name, tag.value);
    }
    return tags;
}

std::string numbered(std::size_t count, const std::string& suffix) {
    std::string tail;
    for (std::size_t i = 0; i < count; ++i) {
        tail += "t" + std::to_string(i) + "=" + suffix + " ";
    }
    return tail;
}

constexpr auto flag = ByNode::flag;
constexpr auto ordinary = ByNode::ordinary_tag;

TEST_CASE("tags that are taken come out sorted by name") {
    struct Row {
        std::string tail;
        ByNode by_node;
        Tags tags;
        bool is_flagged;
    };
    const Row rows[] = {
        {"", flag, {}, false},
        {"a=1", flag, {{"a", "1"}}, false},
        {"b=2 a=1", flag, {{"a", "1"}, {"b", "2"}}, false},
        {"b=2 \t  a=1", flag, {{"a", "1"}, {"b", "2"}}, false},
        {"é=1 z=2 Z=3 a.b=4 a=5", flag, {{"Z", "3"}, {"a", "5"}, {"a.b", "4"}, {"z", "2"}, {"é", "1"}}, false}, // bytes
        {"a=b=c", flag, {{"a", "b=c"}}, false}, // split at the first `=`
        {"a==", flag, {{"a", "="}}, false},
        {"a=,{}\"\\", flag, {{"a", ",{}\"\\"}}, false}, // reserved in names only
        {"a=日本\xC2\xA0", flag, {{"a", "日本\xC2\xA0"}}, false},
        {"a= b=2", flag, {{"b", "2"}}, false}, // empty: as if it were not there
        {"a=", flag, {}, false},
        {"by_node=True", flag, {}, true},
        {"by_node=true", flag, {}, true},
        {"by_node=1", flag, {}, true},
        {"by_node=False", flag, {}, false},
        {"by_node=false", flag, {}, false},
        {"by_node=0", flag, {}, false},
        {"by_node=", flag, {}, false},
        {"z=1 by_node=True a=2", flag, {{"a", "2"}, {"z", "1"}}, true},
        {"By_node=True by_node.=1", flag, {{"By_node", "True"}, {"by_node.", "1"}}, false},
        {"by_node=True", ordinary, {{"by_node", "True"}}, false},
        {"by_node=whatever a=1", ordinary, {{"a", "1"}, {"by_node", "whatever"}}, false},
    };
    for (const auto& [tail, by_node, tags, is_flagged] : rows) {
        CAPTURE(tail);
        TagList list;
        list.count = 3; // left over from the line before
        list.by_node = true;
        const auto error = parse_tags(tail, by_node, list);
        CHECK(core::to_string(error.reason) == "none");
        CHECK(tags_of(list) == tags);
        CHECK(list.by_node == is_flagged);
    }
}

TEST_CASE("tags that are not") {
    struct Row {
        std::string tail;
        ByNode by_node;
        RejectReason reason;
        std::uint32_t offset;
        std::uint32_t length;
    };
    const Row rows[] = {
        {"word", flag, RejectReason::bad_tag, 0, 4},
        {"a=1  word b=2", flag, RejectReason::bad_tag, 5, 4},
        {"by_node", flag, RejectReason::bad_tag, 0, 7},
        {"=1", flag, RejectReason::bad_tag_name, 0, 2},
        {"=", flag, RejectReason::bad_tag_name, 0, 1},
        {"a=1 {b=1", flag, RejectReason::bad_tag_name, 4, 4},
        {"a}=1", flag, RejectReason::bad_tag_name, 0, 4},
        {"a,b=1", flag, RejectReason::bad_tag_name, 0, 5},
        {"a\"=1", flag, RejectReason::bad_tag_name, 0, 4},
        {"a\\=1", flag, RejectReason::bad_tag_name, 0, 4},
        {"a\x7F=1", flag, RejectReason::bad_tag_name, 0, 4},
        {"a\xFF=1", flag, RejectReason::bad_tag_name, 0, 4},
        {"a\xC2\x80=1", flag, RejectReason::bad_tag_name, 0, 5},
        {"a\xFF=", flag, RejectReason::bad_tag_name, 0, 3}, // an empty value makes no name good
        {"a=\x01", flag, RejectReason::bad_tag, 0, 3},
        {"a=\0"s, flag, RejectReason::bad_tag, 0, 3},
        {"a=\xC2\x9F", flag, RejectReason::bad_tag, 0, 4},
        {"a=\xFF", flag, RejectReason::bad_tag, 0, 3},
        {"a=1 a=1", flag, RejectReason::duplicate_tag, 4, 1}, // the second one, equal values or not
        {"a=1 b=2 a=3", flag, RejectReason::duplicate_tag, 8, 1},
        {"b=1 a=2 b=", flag, RejectReason::duplicate_tag, 8, 1},
        {"by_node=True by_node=True", flag, RejectReason::duplicate_tag, 13, 7},
        {"by_node= by_node=False", flag, RejectReason::duplicate_tag, 9, 7},
        {"by_node=1 by_node=2", ordinary, RejectReason::duplicate_tag, 10, 7},
        {"by_node=TRUE", flag, RejectReason::bad_by_node, 8, 4},
        {"by_node=yes", flag, RejectReason::bad_by_node, 8, 3},
        {"a=1 by_node=2", flag, RejectReason::bad_by_node, 12, 1},
        {"by_node=True=", flag, RejectReason::bad_by_node, 8, 5},
    };
    for (const auto& [tail, by_node, reason, offset, length] : rows) {
        CAPTURE(tail);
        TagList list;
        const auto error = parse_tags(tail, by_node, list);
        CHECK(core::to_string(error.reason) == core::to_string(reason));
        CHECK(error.offset == offset);
        CHECK(error.length == length);
    }
}

TEST_CASE("a tag given twice is found whatever stands between, empty or not") {
    for (const char* tail : {"a= a=1", "a=1 a=", "a= a=", "z=1 a= m=2 a=3", "c= b= a= b="}) {
        CAPTURE(tail);
        TagList list;
        CHECK(parse_tags(tail, flag, list).reason == RejectReason::duplicate_tag);
    }
}

TEST_CASE("a name has at most 255 bytes, a value 1024") {
    TagList list;
    const std::string n255(255, 'n');
    const auto longest_name = n255 + "=1"; // the list points into it
    CHECK(!parse_tags(longest_name, flag, list));
    CHECK(list.tags[0].name == n255);
    CHECK(parse_tags(n255 + "n=1", flag, list).reason == RejectReason::bad_tag_name);
    CHECK(parse_tags(n255 + "n=", flag, list).reason == RejectReason::bad_tag_name);
    const std::string v1024(1024, 'v');
    const auto longest_value = "a=" + v1024;
    CHECK(!parse_tags(longest_value, flag, list));
    CHECK(list.tags[0].value == v1024);
    const auto error = parse_tags("x=1 a=" + v1024 + "v", flag, list);
    CHECK(error.reason == RejectReason::tag_value_too_long);
    CHECK(error.offset == 4);
    CHECK(error.length == 2 + 1025);
}

TEST_CASE("32 tags, by_node and empty ones not counted") {
    TagList list;
    CHECK(!parse_tags(numbered(32, "v"), flag, list));
    CHECK(list.count == 32);
    CHECK(!parse_tags("by_node=True " + numbered(32, "v") + "empty=", flag, list));
    CHECK(list.count == 32);
    CHECK(list.by_node);
    CHECK(!parse_tags("e1= e2= " + numbered(32, "v") + "by_node=False e3=", flag, list));
    CHECK(list.count == 32);

    const auto error = parse_tags(numbered(33, "v"), flag, list);
    CHECK(error.reason == RejectReason::too_many_tags);
    CHECK(error.offset == numbered(32, "v").size());
    CHECK(error.length == 5);
    CHECK(parse_tags("by_node=1 " + numbered(32, "v"), ordinary, list).reason == RejectReason::too_many_tags);
}

TEST_CASE("32 tags in any order come out sorted, and the last duplicate among them is found") {
    std::string tail;
    for (int i = 31; i >= 0; --i) {
        tail += "k" + std::to_string(10 + (i * 7) % 32) + "=v" + std::to_string(i) + " ";
    }
    TagList list;
    REQUIRE(!parse_tags(tail, flag, list));
    for (std::size_t i = 0; i < 32; ++i) {
        CHECK(list.tags[i].name == "k" + std::to_string(10 + i));
    }
    const auto at = tail.find("k41=");
    tail.replace(at, 4, "k10="); // k10 twice among 32
    CHECK(parse_tags(tail, flag, list).reason == RejectReason::duplicate_tag);
}

TEST_CASE("metric names") {
    const std::string n255(255, 'm');
    for (const auto& name : {"a"s, "a.b-c_d/e:f"s, "Größe"s, "日本"s, "1763750400"s, "()[]<>'`~!#%&*+;?@^|$"s, n255}) {
        CAPTURE(name);
        CHECK(!check_metric(name));
    }
    for (const auto& name :
         {""s, "a b"s, "a\tb"s, "a=b"s, "a,b"s, "a{b"s, "a}b"s, "a\"b"s, "a\\b"s, "a\0"s, "a\x1F"s, "a\x7F"s,
          "a\xC2\x85"s, "a\xFF"s, "a\xC3"s, "\xC0\x80"s, "\xED\xA0\x80"s, n255 + "m", std::string(254, 'm') + "é"}) {
        CAPTURE(name);
        const auto error = check_metric(name);
        CHECK(error.reason == RejectReason::bad_metric);
        CHECK(error.offset == 0);
        CHECK(error.length == name.size());
    }
}

} // namespace
} // namespace agent::mabs
