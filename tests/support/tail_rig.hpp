// A tailer over real files in a directory of its own, with runners that run when they are told, a steady clock that the
// test moves (files have the real time) and a topic that answers when it is told. It can be killed and started again.
#pragma once

#include "core/clock.hpp"
#include "support/log_topic.hpp"
#include "support/manual_runner.hpp"
#include "support/temporary_directory.hpp"
#include "tail/tailer.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace agent::test {

class FilesClock final : public core::Clock {
  public:
    std::int64_t unix_ms() const override { return core::SystemClock().unix_ms() + ahead_ms; }
    std::int64_t steady_ms() const override { return now_ms; }

    std::int64_t now_ms = 100'000;
    std::int64_t ahead_ms = 0; // of the files' clock
};

class TailRig {
  public:
    TailRig() {
        std::filesystem::create_directory(directory / "logs");
        std::filesystem::create_directory(directory / "state");
    }

    std::string path(const std::string& name) const { return directory / "logs" + "/" + name; }
    static tail::PathGlob glob(const std::string& path) { return *tail::PathGlob::compile(path); }

    tail::StreamOptions stream(const std::string& pattern) const {
        tail::StreamOptions stream;
        stream.name = stream.topic = "t";
        stream.include.push_back(glob(path(pattern)));
        return stream;
    }

    // Whether the positions could be loaded.
    bool start(std::vector<tail::StreamOptions> streams) {
        options.streams = std::move(streams);
        return start();
    }

    bool start() {
        options.directory = keeps_state ? directory / "state" : "";
        tailer = std::make_unique<tail::Tailer>(options, topic, tail::Stream::Runners{.reader = reader, .saver = saver},
                                                clock);
        return tailer->load().has_value();
    }

    void kill(bool is_delivered = true) {
        reader.drop_all();
        saver.drop_all();
        topic.forget_sender(is_delivered);
        tailer.reset();
    }

    void advance(std::int64_t duration_ms) {
        clock.now_ms += duration_ms;
        tailer->beat();
    }

    // Everything that can happen without the time passing: all is delivered.
    void settle() {
        for (int i = 0; i < 10'000; ++i) {
            tailer->changed();
            tailer->beat();
            const bool has_run = reader.step() || saver.step();
            const bool has_answered = topic.answer(forward::Fate::delivered);
            tailer->pump();
            if (!has_run && !has_answered && reader.is_idle() && saver.is_idle() && topic.waiting() == 0) {
                if (++idle_ > 2) {
                    idle_ = 0;
                    return;
                }
            } else {
                idle_ = 0;
            }
        }
    }

    // Until nobody waits for the time to pass any more.
    void run_out(std::int64_t duration_ms = 120'000) {
        for (std::int64_t passed_ms = 0; passed_ms < duration_ms; passed_ms += 1000) {
            settle();
            advance(1000);
        }
        settle();
    }

    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::app | std::ios::binary) << text;
    }
    void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }
    void copy(const std::string& from, const std::string& to) const {
        std::filesystem::copy_file(path(from), path(to));
    }
    void truncate(const std::string& name) const { std::filesystem::resize_file(path(name), 0); }

    // Values in the order in which they were delivered.
    std::vector<std::string> values() const {
        std::vector<std::string> values;
        for (const auto& record : topic.delivered) {
            values.push_back(record.value);
        }
        return values;
    }

    TemporaryDirectory directory;
    FilesClock clock;
    ManualRunner reader;
    ManualRunner saver;
    LogTopic topic;
    tail::Tailer::Options options{.streams = {}, .directory = {}, .open_files = 1000, .is_once = false};
    bool keeps_state = true;
    std::unique_ptr<tail::Tailer> tailer;

  private:
    int idle_ = 0;
};

} // namespace agent::test
