#include "app/journal_show_command.hpp"

#include "app/command_report.hpp"
#include "app/exit_code.hpp"
#include "app/journal_contents.hpp"
#include "core/limits.hpp"
#include "core/topic.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include <nlohmann/json.hpp>

namespace agent::app {

namespace {

using nlohmann::ordered_json;

constexpr auto default_max_bytes = core::limits::journal_bytes;
constexpr std::size_t name_columns = 14;

double share_of_default(const JournalContents& contents) {
    return static_cast<double>(contents.size_bytes) / static_cast<double>(default_max_bytes);
}

std::string utc(std::int64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm parts{};
    std::array<char, 32> text{};
    if (gmtime_r(&seconds, &parts) == nullptr ||
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        return std::to_string(unix_ms) + " ms";
    }
    return text.data();
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

// "1 file", "2 files"
std::string count(std::uint64_t value, std::string_view what) {
    return number(value).append(" ").append(what).append(value == 1 ? "" : "s");
}

class TextShow {
  public:
    explicit TextShow(std::ostream& out) : out_(out) {}

    void show(const JournalContents& contents, const JournalShowOptions& options) {
        line("directory", options.directory);
        line("lock", options.holder ? "in use by a running agent (process " + std::to_string(*options.holder) +
                                          "): the numbers change while they are read"
                                    : "not in use");
        std::array<char, 16> percent{};
        std::snprintf(percent.data(), percent.size(), "%.1f", 100 * share_of_default(contents));
        line("size", count(contents.size_bytes, "byte") + " of deltas and records, " + percent.data() +
                         " % of the default of --max-bytes");
        show_deltas(contents);
        show_open(contents.open);
        for (const auto topic : core::all_topics) {
            show_topic(topic, contents.records[index(topic)], contents.watermarks[index(topic)]);
        }
        for (const auto topic : core::all_topics) {
            if (const auto& letters = contents.dead_letters[index(topic)]; letters.files != 0) {
                show_records("dead letters", topic, letters);
                out_ << '\n';
            }
        }
        show_others("set aside", contents.set_aside, "");
        show_others("newer", contents.newer, ", of a newer version: a start sets it aside");
        show_damage(contents);
    }

  private:
    void line(std::string_view name, std::string_view text) {
        begin(name);
        for (const char c : text) {
            out_ << (static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c); // names of files can be anything
        }
        out_ << '\n';
    }

    void begin(std::string_view name) { out_ << name << std::string(name_columns - name.size(), ' '); }

    void show_deltas(const JournalContents& contents) {
        std::uint64_t size_bytes = 0;
        for (const auto& segment : contents.deltas) {
            size_bytes += segment.size_bytes;
        }
        line("deltas", count(contents.deltas.size(), "segment") + ", " + count(size_bytes, "byte"));
        for (const auto& segment : contents.deltas) {
            const auto frames = segment.last_frame == 0
                                    ? "no whole frame"
                                    : "frames " + number(segment.first_frame) + " to " + number(segment.last_frame);
            line("", segment.file + ": " + frames + ", " + number(segment.entries) +
                         (segment.entries == 1 ? " entry, " : " entries, ") + count(segment.size_bytes, "byte") +
                         torn(segment.torn_bytes));
        }
    }

    static std::string torn(std::uint64_t bytes) {
        return bytes == 0 ? "" : ", the last " + number(bytes) + " torn off";
    }

    void show_open(const OpenBuckets& open) {
        auto text = number(open.series) + " series, " + count(open.buckets, "bucket");
        for (const auto topic : {core::Topic::mabs, core::Topic::by_node}) {
            text.append("; ")
                .append(core::base_name(topic))
                .append(" ")
                .append(count(open.lines[index(topic)], "line"));
        }
        line("open", text);
    }

    void show_records(std::string_view name, core::Topic topic, const RecordCounts& counts) {
        begin(name);
        out_ << core::base_name(topic) << ": " << count(counts.files, "file") << ", "
             << count(counts.size_bytes, "byte") << torn(counts.torn_bytes) << "; "
             << (name == "records" ? "pending: " : "") << count(counts.records, "record") << ", "
             << count(counts.lines, "line") << ", " << count(counts.record_bytes, "byte");
        if (counts.records != 0) {
            out_ << ", sealed " << utc(counts.oldest_ms) << " to " << utc(counts.newest_ms);
        }
    }

    void show_topic(core::Topic topic, const RecordCounts& counts, const std::optional<ShownWatermark>& watermark) {
        const auto mark = watermark
                              ? " (watermark: file " + number(watermark->file) + ", seq " + number(watermark->seq) + ")"
                              : std::string();
        if (counts.files == 0) {
            line("records", std::string(core::base_name(topic)) + ": none" + mark);
            return;
        }
        show_records("records", topic, counts);
        out_ << "; answered: " << counts.answered_records << mark << '\n';
        for (const auto& [run, records] : counts.runs) {
            line("", "run " + run + ": " + count(records, "record"));
        }
    }

    void show_others(std::string_view name, const std::vector<OtherFile>& files, std::string_view what) {
        for (const auto& file : files) {
            line(name, file.file + ": " + count(file.size_bytes, "byte") + std::string(what));
        }
    }

    void show_damage(const JournalContents& contents) {
        for (const auto& damaged : contents.damage) {
            line("damage", damaged.file + ": " + damaged.what + ": " + count(damaged.places, "place") + ", " +
                               count(damaged.bytes, "byte") + " skipped");
        }
        if (contents.damage.empty()) {
            line("damage", "none");
        }
    }

    std::ostream& out_;
};

ordered_json json_of(const RecordCounts& counts, std::string_view prefix) {
    const auto name = [&](std::string_view what) { return std::string(prefix).append(what); };
    ordered_json json{{"files", counts.files}, {"bytes", counts.size_bytes}, {"torn_bytes", counts.torn_bytes}};
    json[name("records")] = counts.records;
    json[name("lines")] = counts.lines;
    json[name("bytes")] = prefix.empty() ? counts.size_bytes : counts.record_bytes;
    if (counts.records != 0) {
        json["oldest_sealed_ms"] = counts.oldest_ms;
        json["newest_sealed_ms"] = counts.newest_ms;
    }
    return json;
}

ordered_json json_of(const std::vector<OtherFile>& files) {
    auto json = ordered_json::array();
    for (const auto& file : files) {
        json.push_back({{"file", file.file}, {"bytes", file.size_bytes}});
    }
    return json;
}

ordered_json json_of(const JournalContents& contents, const JournalShowOptions& options) {
    ordered_json json{{"directory", options.directory},
                      {"in_use", options.holder.has_value()},
                      {"bytes", contents.size_bytes},
                      {"default_max_bytes", default_max_bytes},
                      {"share_of_default", share_of_default(contents)}};
    if (options.holder) {
        json["process"] = *options.holder;
    }
    json["deltas"] = ordered_json::array();
    for (const auto& segment : contents.deltas) {
        json["deltas"].push_back({{"file", segment.file},
                                  {"first_frame", segment.first_frame},
                                  {"last_frame", segment.last_frame},
                                  {"entries", segment.entries},
                                  {"bytes", segment.size_bytes},
                                  {"torn_bytes", segment.torn_bytes}});
    }
    const auto& open = contents.open;
    json["open"] = {{"series", open.series}, {"buckets", open.buckets}};
    for (const auto topic : {core::Topic::mabs, core::Topic::by_node}) {
        json["open"]["lines"][std::string(core::base_name(topic))] = open.lines[index(topic)];
    }
    for (const auto topic : core::all_topics) {
        const std::string name(core::base_name(topic));
        const auto& counts = contents.records[index(topic)];
        auto& row = json["records"][name] = json_of(counts, "pending_");
        row["answered_records"] = counts.answered_records;
        row["runs"] = counts.runs;
        const auto& watermark = contents.watermarks[index(topic)];
        row["watermark"] =
            watermark ? ordered_json{{"file", watermark->file}, {"seq", watermark->seq}} : ordered_json();
        json["dead_letters"][name] = json_of(contents.dead_letters[index(topic)], "");
    }
    json["set_aside"] = json_of(contents.set_aside);
    json["newer"] = json_of(contents.newer);
    json["damage"] = ordered_json::array();
    for (const auto& damaged : contents.damage) {
        json["damage"].push_back(
            {{"file", damaged.file}, {"what", damaged.what}, {"places", damaged.places}, {"bytes", damaged.bytes}});
    }
    return json;
}

} // namespace

int show_journal(journal::FileSystem& files, std::ostream& out, std::ostream& err, const JournalShowOptions& options) {
    const auto contents = read_journal(files, options.directory);
    if (!contents) {
        report(err, "cannot read the state directory " + options.directory + ": " + contents.error());
        return exit_failure;
    }
    if (options.json) {
        out << json_of(*contents, options).dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
    } else {
        TextShow(out).show(*contents, options);
    }
    return contents->damage.empty() ? exit_ok : exit_failure;
}

} // namespace agent::app
