#include "app/tail_command.hpp"

#include "app/absolute_path.hpp"
#include "app/command_report.hpp"
#include "app/exit_code.hpp"
#include "app/shared_flags.hpp"
#include "core/limits.hpp"

#include <iostream>
#include <memory>
#include <string>

namespace agent::app {

namespace {

void add_stream_flags(CLI::App& tail, StreamSettings& stream) {
    repeatable(tail.add_option("--include", stream.include,
                               "Follow the files that match, repeatable; in quotes; * ? [a-z] [!a-z], ** for any "
                               "directories"))
        ->type_name("GLOB");
    repeatable(tail.add_option("--exclude", stream.exclude, "But not those that match, repeatable"))->type_name("GLOB");
    tail.add_flag("--follow-symlinks", stream.follow_symlinks, "Follow symbolic links below a glob's directory, too");
    tail.add_option("--start", stream.start, "Where to begin in files seen first: beginning (the default) or end")
        ->type_name("WHERE")
        ->check(not_empty);
    tail.add_option("--topic", stream.topic, "Kafka's topic for the records; needed")->type_name("T")->check(not_empty);
    tail.add_option("--framing", stream.framing,
                    "What a record is: lines (the default), multiline (several lines) or frames (a length of 4 bytes, "
                    "big-endian, and so many bytes)")
        ->type_name("HOW")
        ->check(not_empty);
    tail.add_option("--multiline-start", stream.multiline_start,
                    "Regular expression (Perl's), found in the first line of each record; with --framing multiline")
        ->type_name("RE")
        ->check(not_empty);
    tail.add_option("--pack-bytes", stream.pack_bytes,
                    "Several records in one, with LF between lines, up to so many bytes; 0 (the default): each alone")
        ->type_name("N")
        ->check(whole_number);
    tail.add_option("--max-record-bytes", stream.max_record_bytes,
                    "Longer lines are split (" + std::to_string(core::limits::max_log_record_bytes) + ")")
        ->type_name("N")
        ->check(whole_number);
    tail.add_option("--key", stream.key, "The records' key: none (the default), or file, its path: broker order a file")
        ->type_name("KEY")
        ->check(not_empty);
    tail.add_option("--rate-limit", stream.rate_limit, "Read at most so many bytes a second; 0 (the default): no limit")
        ->type_name("N")
        ->check(whole_number);
}

int run_tail(const TailFlags& flags, const std::function<int(const TailOptions&)>& tail) {
    const auto options = finalize(flags, working_directory());
    if (!options) {
        report_usage(std::cerr, options.error());
        return exit_usage;
    }
    return tail(*options);
}

} // namespace

void add_tail_command(CLI::App& app, int& exit_code, const std::function<int(const TailOptions&)>& tail) {
    auto flags = std::make_shared<TailFlags>();
    auto* const command = app.add_subcommand(
        "tail", "Follow log files and ship each byte of them to Kafka, or with --once ship FILE... and end");
    command->add_option("files", flags->files, "With --once: the files to ship; - is standard input")
        ->type_name("FILE");
    command->add_flag("--once", flags->once,
                      "Ship each FILE to its end and exit, with 0 only when Kafka has acknowledged all");
    add_stream_flags(*command, flags->stream);
    add_shared_flags(*command, *flags,
                     {"Put before the name of the topic mabs.agent, to which the tailer reports",
                      "This host's name in what it reports (what the kernel says)",
                      "Where is kept how far each file is acknowledged ($STATE_DIRECTORY-tail, else "
                      "$XDG_STATE_HOME/metrics-agent-tail, else ~/.local/state/metrics-agent-tail; with --once: "
                      "nowhere)"});
    command->callback([flags, &exit_code, &tail] { exit_code = run_tail(*flags, tail); });
}

} // namespace agent::app
