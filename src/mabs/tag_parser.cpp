#include "mabs/tag_parser.hpp"

#include "mabs/text.hpp"
#include "mabs/utf8.hpp"

#include <algorithm>

namespace agent::mabs {

namespace {

using core::RejectReason;

// Characters with a meaning of their own in lines and Kafka keys.
bool is_reserved(char c) {
    return is_blank(c) || c == '=' || c == ',' || c == '{' || c == '}' || c == '"' || c == '\\';
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= core::limits::max_name_bytes && std::ranges::none_of(text, is_reserved) &&
           !find_bad_character(text);
}

class TagReader {
  public:
    TagReader(std::string_view tail, ByNode by_node, TagList& out) : tail_(tail), by_node_(by_node), out_(out) {}

    LineError read() {
        const char* at = tail_.data();
        const char* const end = at + tail_.size();
        for (at = skip_blanks(at, end); at != end; at = skip_blanks(at, end)) {
            const char* field_end = at;
            while (field_end != end && !is_blank(*field_end)) {
                ++field_end;
            }
            if (const auto error = take({at, static_cast<std::size_t>(field_end - at)})) {
                return error;
            }
            at = field_end;
        }
        return sort();
    }

  private:
    LineError wrong(RejectReason reason, std::string_view text) const {
        return {reason, static_cast<std::uint32_t>(text.data() - tail_.data()),
                static_cast<std::uint32_t>(text.size())};
    }

    LineError take(std::string_view field) {
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) {
            return wrong(RejectReason::bad_tag, field);
        }
        const core::Tag tag{field.substr(0, equals), field.substr(equals + 1)};
        if (by_node_ == ByNode::flag && tag.name == "by_node") {
            return take_by_node(tag);
        }
        if (!is_name(tag.name)) {
            return wrong(RejectReason::bad_tag_name, field);
        }
        if (tag.value.size() > core::limits::max_tag_value_bytes) {
            return wrong(RejectReason::tag_value_too_long, field);
        }
        if (find_bad_character(tag.value)) { // outranking_error() gives it its own name
            return wrong(RejectReason::bad_tag, field);
        }
        if (tag.value.empty()) {
            return remember_empty(tag.name);
        }
        if (out_.count == out_.tags.size()) {
            return wrong(RejectReason::too_many_tags, field);
        }
        out_.tags[out_.count++] = tag;
        return {};
    }

    LineError take_by_node(const core::Tag& tag) {
        if (seen_by_node_) {
            return wrong(RejectReason::duplicate_tag, tag.name);
        }
        seen_by_node_ = true;
        if (tag.value == "True" || tag.value == "true" || tag.value == "1") {
            out_.by_node = true;
        } else if (!tag.value.empty() && tag.value != "False" && tag.value != "false" && tag.value != "0") {
            return wrong(RejectReason::bad_by_node, tag.value);
        }
        return {};
    }

    // An empty value is the same as no such tag, but a tag given twice is still that: only the names are kept.
    LineError remember_empty(std::string_view name) {
        if (empty_count_ == empty_.size()) {
            return wrong(RejectReason::too_many_tags, name);
        }
        empty_[empty_count_++] = name;
        return {};
    }

    LineError sort() {
        const auto tags = std::span(out_.tags).first(out_.count);
        std::ranges::sort(tags, {}, &core::Tag::name);
        const auto twice = std::ranges::adjacent_find(tags, {}, &core::Tag::name);
        if (twice != tags.end()) {
            return wrong(RejectReason::duplicate_tag,
                         std::max(twice[0].name.data(), twice[1].name.data()) == twice[0].name.data() ? twice[0].name
                                                                                                      : twice[1].name);
        }
        const auto empties = std::span(empty_).first(empty_count_);
        std::ranges::sort(empties);
        if (const auto again = std::ranges::adjacent_find(empties); again != empties.end()) {
            return wrong(RejectReason::duplicate_tag, *again);
        }
        for (const auto name : empties) {
            if (std::ranges::binary_search(tags, name, {}, &core::Tag::name)) {
                return wrong(RejectReason::duplicate_tag, name);
            }
        }
        return {};
    }

    std::string_view tail_;
    ByNode by_node_;
    TagList& out_;
    bool seen_by_node_ = false;
    std::array<std::string_view, core::limits::max_tags> empty_;
    std::size_t empty_count_ = 0;
};

} // namespace

LineError check_metric(std::string_view metric) {
    if (is_name(metric)) {
        return {};
    }
    return {RejectReason::bad_metric, 0, static_cast<std::uint32_t>(metric.size())};
}

LineError parse_tags(std::string_view tail, ByNode by_node, TagList& out) {
    out.count = 0;
    out.by_node = false;
    return TagReader(tail, by_node, out).read();
}

} // namespace agent::mabs
