#include "app/config_file.hpp"

#include "app/config_tree.hpp"
#include "app/name_rules.hpp"
#include "app/nearest_word.hpp"
#include "app/read_text_file.hpp"
#include "app/stream_settings.hpp"
#include "core/limits.hpp"
#include "mabs/line_error.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace agent::app {

namespace {

using Kind = ConfigNode::Kind;

constexpr std::array<std::string_view, 1> root_keys{"logs"};

std::string quoted(std::string_view text) {
    std::string out;
    mabs::append_quoted(out, text);
    return out;
}

// One that can be told as it is.
bool is_plain_key(std::string_view key) {
    return !key.empty() && key.size() <= core::limits::max_quoted_bytes && has_topic_characters(key) &&
           key.find('.') == std::string_view::npos;
}

// What is there instead of what was expected.
std::string found(const ConfigNode& node) {
    switch (node.kind) {
    case Kind::null: return "null";
    case Kind::boolean: return node.boolean ? "true" : "false";
    case Kind::number: return node.text;
    case Kind::text: return quoted(node.text);
    case Kind::list: return "an array";
    case Kind::section: return "an object";
    }
    return {};
}

class ConfigErrors {
  public:
    explicit ConfigErrors(std::string_view path) : path_(path) {}

    void add(std::size_t line, std::string_view place, std::string_view what) {
        errors_.emplace(line, (place.empty() ? "" : std::string(place) + ": ").append(what));
    }

    bool empty() const { return errors_.empty(); }

    // In the order of their lines.
    std::vector<std::string> take() {
        std::vector<std::string> told;
        for (const auto& [line, text] : errors_) {
            if (told.size() == max_config_errors) {
                break;
            }
            told.push_back(std::string(path_).append(":") + std::to_string(line) + ": " + text);
        }
        if (const auto rest = errors_.size() - told.size(); rest > 0) {
            told.push_back(std::string(path_).append(": and ") + std::to_string(rest) + " more");
        }
        return told;
    }

  private:
    std::string_view path_;
    std::multimap<std::size_t, std::string> errors_; // by their lines; those of one as they were found
};

// The tree -> StreamSettings, with what is wrong with its shape.
class ConfigReader {
  public:
    explicit ConfigReader(ConfigErrors& errors) : errors_(errors) {}

    void read(const ConfigNode& root) {
        if (root.kind != Kind::section) {
            errors_.add(root.line, {}, "expected an object, { ... }; this is " + found(root));
            return;
        }
        for (const auto* const child : known_children(root, "", root_keys)) {
            read_logs(*child); // the only key
        }
    }

    const std::vector<StreamSettings>& streams() const { return streams_; }

    void add(const StreamFault& fault) {
        const auto [index, node] = places_[fault.stream];
        auto place = place_of(index).append(".").append(key_of(fault.field));
        auto line = node->line;
        const auto key = std::ranges::find(node->children, key_of(fault.field), &ConfigNode::key);
        if (key != node->children.end()) {
            line = key->line;
            if (fault.item < key->children.size()) {
                if (key->children[fault.item].kind != Kind::text) {
                    return; // as has been told
                }
                line = key->children[fault.item].line;
                place.append("[" + std::to_string(fault.item) + "]");
            }
        }
        errors_.add(line, place, (fault.got.empty() ? "" : fault.got + ": ").append(fault.what));
    }

  private:
    static std::string place_of(std::size_t index) { return "logs[" + std::to_string(index) + "]"; }

    void expected(const ConfigNode& node, std::string_view place, std::string_view what) {
        errors_.add(node.line, place, std::string("expected ").append(what).append(", not ") + found(node));
    }

    // Those of a section whose keys are known and there for the first time.
    std::vector<const ConfigNode*> known_children(const ConfigNode& section, std::string_view prefix,
                                                  std::span<const std::string_view> keys) {
        std::vector<const ConfigNode*> known;
        std::map<std::string_view, std::size_t> lines;
        for (const auto& child : section.children) {
            const bool is_known = std::ranges::find(keys, child.key) != keys.end();
            const auto place = std::string(prefix) + (is_plain_key(child.key) ? child.key : quoted(child.key));
            const auto [first, is_first] = lines.try_emplace(child.key, child.key_line);
            if (!is_first) {
                errors_.add(child.key_line, place, "given twice, first in line " + std::to_string(first->second));
            } else if (!is_known) {
                const auto nearest = nearest_word(child.key, keys);
                errors_.add(child.key_line, place,
                            "unknown key" + (nearest.empty() ? "; known here: " + list_of(keys)
                                                             : "; is it " + quoted(nearest) + " that is meant?"));
            } else {
                known.push_back(&child);
            }
        }
        return known;
    }

    static std::string list_of(std::span<const std::string_view> words) {
        std::string list;
        for (const auto word : words) {
            list.append(list.empty() ? "" : ", ").append(word);
        }
        return list;
    }

    void read_logs(const ConfigNode& logs) {
        if (logs.kind != Kind::list) {
            expected(logs, "logs", "an array of streams, [ ... ]");
            return;
        }
        if (logs.children.size() > core::limits::max_log_streams) {
            errors_.add(logs.line, "logs",
                        std::to_string(logs.children.size()) + " streams, at most " +
                            std::to_string(core::limits::max_log_streams));
            return;
        }
        for (std::size_t i = 0; i < logs.children.size(); ++i) {
            const auto& node = logs.children[i];
            if (node.kind != Kind::section) {
                expected(node, place_of(i), "an object, { ... }");
                continue;
            }
            places_.emplace_back(i, &node);
            read_stream(node, place_of(i) + ".");
        }
    }

    void read_stream(const ConfigNode& node, const std::string& prefix) {
        StreamSettings settings;
        for (const auto& child : node.children) { // what is meant by a misspelt one is not missing, too
            const auto meant = std::ranges::find(stream_keys, nearest_word(child.key, stream_keys));
            if (meant != stream_keys.end()) {
                settings.unread.set(static_cast<std::size_t>(meant - stream_keys.begin()));
            }
        }
        for (const auto* const child : known_children(node, prefix, stream_keys)) {
            const auto at = std::ranges::find(stream_keys, child->key) - stream_keys.begin();
            const auto field = static_cast<StreamField>(at);
            settings.unread.set(static_cast<std::size_t>(at),
                                !read_field(*child, prefix + child->key, field, settings));
        }
        streams_.push_back(std::move(settings));
    }

    bool read_field(const ConfigNode& node, std::string_view place, StreamField field, StreamSettings& settings) {
        switch (field) {
        case StreamField::name: return read_text(node, place, settings.name);
        case StreamField::include: return read_list(node, place, settings.include);
        case StreamField::exclude: return read_list(node, place, settings.exclude);
        case StreamField::topic: return read_text(node, place, settings.topic);
        case StreamField::framing: return read_text(node, place, settings.framing);
        case StreamField::multiline_start: return read_text(node, place, settings.multiline_start);
        case StreamField::pack_bytes: return read_number(node, place, field, settings.pack_bytes);
        case StreamField::max_record_bytes: return read_number(node, place, field, settings.max_record_bytes);
        case StreamField::start: return read_text(node, place, settings.start);
        case StreamField::key: return read_text(node, place, settings.key);
        case StreamField::rate_limit: return read_number(node, place, field, settings.rate_limit);
        case StreamField::follow_symlinks: return read_boolean(node, place, settings.follow_symlinks);
        }
        return false;
    }

    bool read_text(const ConfigNode& node, std::string_view place, std::optional<std::string>& text) {
        if (node.kind != Kind::text) {
            expected(node, place, "a string");
            return false;
        }
        text = node.text;
        return true;
    }

    bool read_number(const ConfigNode& node, std::string_view place, StreamField field,
                     std::optional<std::uint64_t>& number) {
        if (!node.number) {
            expected(node, place, expected_number(field));
            return false;
        }
        number = node.number;
        return true;
    }

    bool read_boolean(const ConfigNode& node, std::string_view place, bool& value) {
        if (node.kind != Kind::boolean) {
            expected(node, place, "true or false");
            return false;
        }
        value = node.boolean;
        return true;
    }

    bool read_list(const ConfigNode& node, std::string_view place, std::vector<std::string>& texts) {
        if (node.kind != Kind::list) {
            expected(node, place, "an array of strings, [ ... ]");
            return false;
        }
        bool is_read = true;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const auto& item = node.children[i];
            if (item.kind != Kind::text) {
                expected(item, std::string(place) + "[" + std::to_string(i) + "]", "a string");
                is_read = false;
            }
            texts.push_back(item.text); // one for each, so that their places are the same
        }
        return is_read;
    }

    ConfigErrors& errors_;
    std::vector<StreamSettings> streams_;
    std::vector<std::pair<std::size_t, const ConfigNode*>> places_; // of each of them: in `logs`
};

} // namespace

ConfigResult parse_config(std::string_view text, std::string_view path, const core::TopicNames& own_topics) {
    const auto root = parse_config_tree(text);
    if (!root) {
        const auto& error = root.error();
        auto told = std::string(path).append(":") + std::to_string(error.line) + ":" + std::to_string(error.column) +
                    ": " + error.text;
        return {boost::system::in_place_error, std::vector{std::move(told)}};
    }
    ConfigErrors errors(path);
    ConfigReader reader(errors);
    reader.read(*root);
    auto streams = check_streams(reader.streams(), own_topics);
    if (!streams) {
        for (const auto& fault : streams.error()) {
            reader.add(fault);
        }
    }
    if (!errors.empty()) {
        return {boost::system::in_place_error, errors.take()};
    }
    return Config{*std::move(streams)};
}

ConfigResult read_config(const std::string& path, const core::TopicNames& own_topics) {
    const auto text = read_text_file(path, max_config_bytes);
    if (!text) {
        return {boost::system::in_place_error, std::vector{"--config " + path + ": " + text.error()}};
    }
    return parse_config(*text, path, own_topics);
}

} // namespace agent::app
