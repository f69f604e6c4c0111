#include "app/stream_settings.hpp"

#include "app/name_rules.hpp"
#include "core/limits.hpp"
#include "mabs/line_error.hpp"
#include "tail/line_pattern.hpp"

#include <algorithm>
#include <map>

namespace agent::app {

namespace {

namespace limits = core::limits;
using Faults = std::vector<StreamFault>;

std::string quoted(std::string_view text) {
    std::string out;
    mabs::append_quoted(out, text);
    return out;
}

template <typename Value>
using Words = std::span<const std::pair<std::string_view, Value>>;

constexpr std::array<std::pair<std::string_view, tail::Framing>, 3> framings{
    {{"lines", tail::Framing::lines}, {"multiline", tail::Framing::multiline}, {"frames", tail::Framing::frames}}};
constexpr std::array<std::pair<std::string_view, tail::Start>, 2> starts{
    {{"beginning", tail::Start::beginning}, {"end", tail::Start::end}}};
constexpr std::array<std::pair<std::string_view, tail::RecordKey>, 2> record_keys{
    {{"none", tail::RecordKey::none}, {"file", tail::RecordKey::file}}};

// "a, b or c"
template <typename Value>
std::string list_of(Words<Value> words) {
    std::string list;
    for (std::size_t i = 0; i < words.size(); ++i) {
        list.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(words[i].first);
    }
    return list;
}

// The numbers that a field may be, both ends taken.
struct Range {
    std::uint64_t from = 0;
    std::uint64_t to = std::numeric_limits<std::uint64_t>::max();
};

constexpr Range range_of(StreamField field) {
    switch (field) {
    case StreamField::pack_bytes: return {0, limits::max_log_record_bytes};
    case StreamField::max_record_bytes: return {limits::least_log_record_bytes, limits::max_log_record_bytes};
    default: return {};
    }
}

std::string text_of(Range range) {
    const auto end = range.to == Range().to ? "" : " to " + std::to_string(range.to);
    return "a whole number from " + std::to_string(range.from) + end;
}

// One stream, but for its name.
class StreamCheck {
  public:
    StreamCheck(const StreamSettings& settings, std::size_t index, Faults& faults)
        : settings_(settings), index_(index), faults_(faults) {}

    tail::StreamOptions check(const core::TopicNames& own_topics, Include include) {
        take_globs(StreamField::include, settings_.include, options_.include);
        take_globs(StreamField::exclude, settings_.exclude, options_.exclude);
        if (include == Include::needed && settings_.include.empty() && !is_unread(StreamField::include)) {
            wrong(StreamField::include, {}, "missing: which files? At least one glob");
        }
        take_topic(own_topics);
        take_framing();
        take_word<tail::Start>(StreamField::start, settings_.start, starts, options_.start);
        take_word<tail::RecordKey>(StreamField::key, settings_.key, record_keys, options_.key);
        take_sizes();
        options_.rate_limit_bytes = settings_.rate_limit.value_or(0);
        options_.follow_symlinks = settings_.follow_symlinks;
        return std::move(options_);
    }

  private:
    bool is_unread(StreamField field) const { return settings_.unread[static_cast<std::size_t>(field)]; }

    void wrong(StreamField field, std::string got, std::string what, std::size_t item = StreamFault::no_item) {
        faults_.push_back({index_, field, item, std::move(got), std::move(what)});
    }

    void take_globs(StreamField field, const std::vector<std::string>& texts, std::vector<tail::PathGlob>& globs) {
        if (texts.size() > limits::max_path_globs) {
            wrong(field, {},
                  std::to_string(texts.size()) + " globs, at most " + std::to_string(limits::max_path_globs));
            return;
        }
        for (std::size_t i = 0; i < texts.size(); ++i) {
            auto glob = tail::PathGlob::compile(texts[i]);
            if (glob) {
                globs.push_back(*std::move(glob));
            } else {
                wrong(field, quoted(texts[i]), glob.error(), i);
            }
        }
    }

    void take_topic(const core::TopicNames& own_topics) {
        if (is_unread(StreamField::topic)) {
            return;
        }
        if (!settings_.topic) {
            wrong(StreamField::topic, {}, "missing: to which topic?");
            return;
        }
        options_.topic = *settings_.topic;
        if (!is_topic_name(options_.topic)) {
            wrong(StreamField::topic, quoted(options_.topic),
                  "a topic has 1 to " + std::to_string(max_topic_bytes) + " of a-z A-Z 0-9 . _ -, and is not . or ..");
        } else if (std::ranges::find(own_topics, options_.topic) != own_topics.end()) {
            wrong(StreamField::topic, quoted(options_.topic), "the agent's own records go there");
        }
    }

    // False where it is no word of these, or could not be read.
    template <typename Value>
    bool take_word(StreamField field, const std::optional<std::string>& text, Words<Value> words, Value& value) {
        if (!text) {
            return !is_unread(field);
        }
        const auto word = std::ranges::find(words, *text, &std::pair<std::string_view, Value>::first);
        if (word == words.end()) {
            wrong(field, quoted(*text), "expected " + list_of(words));
            return false;
        }
        value = word->second;
        return true;
    }

    void take_framing() {
        const bool is_known =
            take_word<tail::Framing>(StreamField::framing, settings_.framing, framings, options_.framing);
        const bool is_multiline = options_.framing == tail::Framing::multiline;
        if (!settings_.multiline_start) {
            if (is_known && is_multiline && !is_unread(StreamField::multiline_start)) {
                wrong(StreamField::multiline_start, {},
                      "missing: framing multiline needs a regular expression for the first line of a record");
            }
            return;
        }
        options_.multiline_start = *settings_.multiline_start;
        if (is_known && !is_multiline) {
            wrong(StreamField::multiline_start, {}, "only with framing multiline");
        } else if (const auto compiled = tail::LinePattern::compile(options_.multiline_start); !compiled) {
            wrong(StreamField::multiline_start, quoted(options_.multiline_start), compiled.error());
        }
    }

    bool take_size(StreamField field, const std::optional<std::uint64_t>& number, std::size_t& size) {
        if (!number) {
            return !is_unread(field);
        }
        const auto range = range_of(field);
        if (*number < range.from || *number > range.to) {
            wrong(field, std::to_string(*number), "expected " + text_of(range));
            return false;
        }
        size = static_cast<std::size_t>(*number);
        return true;
    }

    void take_sizes() {
        take_size(StreamField::max_record_bytes, settings_.max_record_bytes, options_.max_record_bytes);
        if (take_size(StreamField::pack_bytes, settings_.pack_bytes, options_.pack_bytes) &&
            options_.pack_bytes > options_.max_record_bytes) {
            wrong(StreamField::pack_bytes, std::to_string(options_.pack_bytes),
                  "more than max_record_bytes, " + std::to_string(options_.max_record_bytes));
        }
    }

    const StreamSettings& settings_;
    std::size_t index_;
    Faults& faults_;
    tail::StreamOptions options_;
};

// Names are unique: those given, and those made of topics.
void take_names(std::span<const StreamSettings> streams, std::vector<tail::StreamOptions>& options, Faults& faults) {
    std::map<std::string, std::size_t, std::less<>> of_topic; // how many so far
    std::map<std::string, std::size_t, std::less<>> owners;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        const auto& given = streams[i].name;
        const auto& topic = options[i].topic;
        const auto wrong = [&](std::string what) {
            faults.push_back({i, StreamField::name, StreamFault::no_item, quoted(options[i].name), std::move(what)});
        };
        const auto place = ++of_topic[topic];
        options[i].name = given ? *given : place == 1 ? topic : topic + "#" + std::to_string(place);
        if (given && !is_plain_name(*given)) {
            wrong("1 to " + std::to_string(max_plain_name_bytes) + " bytes of printable UTF-8 without blanks");
        } else if (const auto& name = options[i].name; !name.empty()) {
            const auto [owner, is_new] = owners.try_emplace(name, i);
            if (!is_new) {
                wrong(std::string(given ? "" : "taken from the topic, ") + "the name of logs[" +
                      std::to_string(owner->second) + "] too; names are unique");
            }
        }
    }
}

} // namespace

std::string flag_of(StreamField field) {
    auto flag = std::string("--").append(key_of(field));
    std::ranges::replace(flag, '_', '-');
    return flag;
}

boost::system::result<std::vector<tail::StreamOptions>, std::vector<StreamFault>> check_streams(
    std::span<const StreamSettings> streams, const core::TopicNames& own_topics, Include include) {
    Faults faults;
    std::vector<tail::StreamOptions> options;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        options.push_back(StreamCheck(streams[i], i, faults).check(own_topics, include));
    }
    take_names(streams, options, faults);
    if (!faults.empty()) {
        return {boost::system::in_place_error, std::move(faults)};
    }
    return options;
}

std::string expected_number(StreamField field) {
    return text_of(range_of(field));
}

} // namespace agent::app
