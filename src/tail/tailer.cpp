#include "tail/tailer.hpp"

#include "core/limits.hpp"
#include "tail/sender.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace agent::tail {

namespace limits = core::limits;

namespace {

constexpr std::size_t many_changes = 16;
constexpr std::size_t longest_file_name = 200; // NAME_MAX is 255

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

} // namespace

std::string positions_file_name(const std::string& stream_name) {
    std::array<char, 17> text;
    std::string name;
    for (const char c : stream_name) {
        if (is_plain(c)) {
            name.push_back(c);
        } else {
            std::snprintf(text.data(), text.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
            name.append(text.data());
        }
    }
    if (name.size() > longest_file_name) {
        const auto hash = static_cast<unsigned long>(content_hash(stream_name));
        std::snprintf(text.data(), text.size(), "%016lx", hash);
        name = name.substr(0, longest_file_name - 17) + "-" + text.data();
    }
    return name + ".positions";
}

Tailer::Tailer(const Options& options, forward::LogConsumer& consumer, const Stream::Runners& runners,
               const core::Clock& clock)
    : clock_(clock), consumer_(consumer), is_once_(options.is_once) {
    const auto count = std::max<std::size_t>(options.streams.size(), 1);
    for (const auto& stream : options.streams) {
        streams_.push_back(std::make_unique<Stream>(
            stream,
            Stream::Share{.positions = options.directory.empty()
                                           ? std::string()
                                           : options.directory + "/" + positions_file_name(stream.name),
                          .topic = static_cast<forward::LogTopic>(streams_.size()),
                          .buffer_bytes = limits::log_buffer_bytes / count,
                          .records = limits::log_in_flight_records / count,
                          .open_files = options.open_files / count,
                          .is_once = options.is_once},
            consumer, runners, clock));
    }
    said_save_failures_.resize(streams_.size());
}

boost::system::result<void, std::string> Tailer::load() {
    for (const auto& stream : streams_) {
        if (const auto loaded = stream->load(); !loaded) {
            return loaded;
        }
    }
    return {};
}

bool Tailer::changed() {
    const auto changes = watcher_.take();
    const auto now_us = steady_us();
    bool wants_all = changes.is_overflow;
    for (const auto& change : changes.all) {
        wants_watch_ |= change.name.empty();
        wants_all |= change.name.empty() || (change.is_directory && change.is_new);
        const auto path = path_in(change.directory, change.name);
        if (!change.is_directory && !change.name.empty()) {
            for (const auto& stream : streams_) {
                stream->changed(path, change.is_new, now_us);
            }
        }
    }
    for (const auto& stream : streams_) {
        if (wants_all) {
            stream->look_at_all();
        }
        stream->work();
    }
    return changes.all.size() >= many_changes;
}

void Tailer::pump() {
    consumer_.take_log_answers(answers_);
    for (const auto& answer : answers_) {
        auto& batch = *reinterpret_cast<Batch*>(answer.ticket);
        batch.sender->answer(batch, answer);
    }
    answers_.clear();
    for (const auto& stream : streams_) {
        stream->work();
    }
}

void Tailer::beat() {
    for (const auto& stream : streams_) {
        stream->beat();
    }
    watch();
}

void Tailer::watch() {
    if (is_once_) {
        return;
    }
    bool has_new = std::exchange(wants_watch_, false);
    for (const auto& stream : streams_) {
        has_new |= stream->discovery().take_directories_changed();
    }
    const auto now_ms = clock_.steady_ms();
    if (!has_new && now_ms < next_watch_ms_) {
        return;
    }
    // Now and then also where nothing seems to have changed: the path may be another directory's.
    next_watch_ms_ = now_ms + (is_polling_ ? limits::log_poll_ms : limits::log_rescan_ms);
    is_polling_ = false;
    std::set<std::string> all;
    for (const auto& stream : streams_) {
        const auto& directories = stream->discovery().directories();
        all.insert(directories.begin(), directories.end());
    }
    watcher_.keep_only(all);
    for (const auto& directory : all) {
        is_polling_ |= !watcher_.watch(directory);
    }
    for (const auto& stream : streams_) {
        if (has_new || is_polling_) { // what was made before it was watched
            stream->look_at_all();
        }
    }
}

bool Tailer::has_work() const {
    return std::ranges::any_of(streams_, [](const auto& stream) { return stream->has_work(); });
}

bool Tailer::is_ready() const {
    return std::ranges::all_of(streams_, [](const auto& stream) { return stream->is_ready(); });
}

bool Tailer::is_done() const {
    return std::ranges::all_of(streams_, [](const auto& stream) { return stream->is_done(); });
}

void Tailer::begin_close() {
    for (const auto& stream : streams_) {
        stream->begin_close();
    }
}

bool Tailer::is_closed() const {
    return std::ranges::all_of(streams_, [](const auto& stream) { return stream->is_closed(); });
}

std::vector<std::string> Tailer::take_messages() {
    std::vector<std::string> messages;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        auto& stream = *streams_[i];
        const auto prefix = "logs " + stream.options().name + ": ";
        for (const auto& refusal : stream.take_refusals()) {
            messages.push_back(prefix + (refusal.path.empty() ? "" : refusal.path + ": ") + refusal.reason);
        }
        if (stream.failure() != said_save_failures_[i]) {
            said_save_failures_[i] = stream.failure();
            messages.push_back(prefix + (stream.failure().empty() ? "positions are saved again"
                                                                  : "positions cannot be saved: " + stream.failure()));
        }
    }
    if (watcher_.failure() != said_failure_) {
        said_failure_ = watcher_.failure();
        messages.push_back("logs: " + said_failure_ + "; looking every second instead");
    }
    return messages;
}

} // namespace agent::tail
