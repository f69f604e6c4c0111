#include "app/parse_command.hpp"

#include "app/command_report.hpp"
#include "app/exit_code.hpp"
#include "app/parse_lines.hpp"
#include "app/terminal.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "mabs/number.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace agent::app {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t write_bytes = 64 * 1024; // gathered at the least, while there is input to go on with

bool wait_for(int fd, short event, int timeout_ms) {
    pollfd entry{fd, event, 0};
    return poll(&entry, 1, timeout_ms) > 0;
}

// False where it cannot be; errno says why.
bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto size = write(fd, text.data(), text.size());
        if (size >= 0) {
            text.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno == EAGAIN) {
            wait_for(fd, POLLOUT, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

class ParseRun {
  public:
    explicit ParseRun(const ParseOptions& options)
        : lines_(options, clock_), buffer_(core::limits::max_line_bytes + read_bytes) {}

    int run(const std::vector<std::string>& files) {
        bool all_read = true;
        if (files.empty()) {
            all_read = parse_file("-", {});
        }
        for (const auto& file : files) {
            all_read = parse_file(file, files.size() == 1 ? std::string_view() : std::string_view(file)) && all_read;
        }
        flush();
        return all_read && lines_.all_good() && is_writing_ ? exit_ok : exit_failure;
    }

  private:
    bool parse_file(const std::string& path, std::string_view told_name) {
        if (!is_writing_) {
            return false;
        }
        lines_.begin(told_name);
        const bool is_stdin = path == "-";
        const int fd = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const bool is_read = fd >= 0 && parse_stream(fd);
        if (!is_read && is_writing_) {
            const std::string why = std::strerror(errno); // NOLINT(concurrency-mt-unsafe): one thread
            flush();                                      // so that on a terminal it stands in its place
            report(std::cerr, "cannot read " + (is_stdin ? "standard input" : path) + ": " + why);
        }
        if (fd >= 0 && !is_stdin) {
            close(fd);
        }
        return is_read;
    }

    // False where it cannot be read, with errno, or where nothing can be written any more.
    bool parse_stream(int fd) {
        std::size_t rest_bytes = 0;
        for (;;) {
            if (lines_.out().size() >= write_bytes || !wait_for(fd, POLLIN, 0)) {
                flush();
            }
            if (!is_writing_) {
                return false;
            }
            const auto size = read(fd, buffer_.data() + rest_bytes, read_bytes);
            if (size == 0) {
                lines_.end_of_stream({buffer_.data(), rest_bytes});
                return true;
            }
            if (size < 0) {
                if (errno == EAGAIN) {
                    wait_for(fd, POLLIN, -1);
                } else if (errno != EINTR) {
                    return false;
                }
                continue;
            }
            lines_.receive({buffer_.data(), rest_bytes + static_cast<std::size_t>(size)}, rest_bytes);
            const auto rest = lines_.rest();
            std::memmove(buffer_.data(), rest.data(), rest.size());
            rest_bytes = rest.size();
        }
    }

    void flush() {
        if (is_writing_ && !write_all(STDOUT_FILENO, lines_.out())) {
            is_writing_ = false;
            const std::string why = std::strerror(errno); // NOLINT(concurrency-mt-unsafe): one thread
            report(std::cerr, "cannot write to standard output: " + why);
        }
        lines_.out().clear();
    }

    core::SystemClock clock_;
    ParseLines lines_;
    std::vector<char> buffer_;
    bool is_writing_ = true;
};

CLI::Validator unix_time() {
    return {[](std::string& text) -> std::string {
                return mabs::looks_like_timestamp(text) ? "" : "\"" + text + "\" is no Unix time of 10 or 13 digits";
            },
            ""};
}

} // namespace

void add_parse_command(CLI::App& app, int& exit_code) {
    struct Flags {
        std::vector<std::string> files;
        std::string now;
        bool any_time = false;
    };
    auto flags = std::make_shared<Flags>();
    auto* const parse = app.add_subcommand(
        "parse", "Lines on standard input or in files -> one JSON object a line; exit code 1 if any is bad");
    parse->add_option("files", flags->files, "Files of lines; - is standard input")->type_name("FILE");
    auto* const now = parse->add_option("--now", flags->now, "Hold timestamps against this time, not the clock")
                          ->check(unix_time())
                          ->type_name("UNIX");
    parse->add_flag("--any-time", flags->any_time, "Take timestamps however old or far ahead")->excludes(now);
    parse->callback([flags, &exit_code] {
        std::signal(SIGPIPE, SIG_DFL); // `| head` may end it, as it ends other filters
        ParseOptions options;
        options.any_time = flags->any_time;
        options.error_columns = terminal_columns();
        if (std::int64_t now_ms = 0; mabs::parse_timestamp(flags->now, now_ms)) {
            options.now_ms = now_ms;
        }
        exit_code = ParseRun(options).run(flags->files);
    });
}

} // namespace agent::app
