#include "app/command_line.hpp"

#include "app/command_report.hpp"
#include "app/digest_command.hpp"
#include "app/exit_code.hpp"
#include "app/journal_command.hpp"
#include "app/parse_command.hpp"
#include "app/shared_flags.hpp"
#include "app/tail_command.hpp"
#include "app/version.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace agent::app {

namespace {

void add_run_flags(CLI::App& run, RunFlags& flags) {
    repeatable(run.add_option("--listen", flags.listen,
                              "Take lines on HOST:PORT, repeatable; port 0 picks one (localhost:18126)"))
        ->type_name("HOST:PORT");
    repeatable(run.add_option("--listen-unix", flags.listen_unix, "Take lines on a unix stream socket too, repeatable"))
        ->type_name("PATH");
    run.add_flag("--allow-remote", flags.allow_remote, "Let --listen name addresses that are not loopback");
    run.add_option("--config", flags.config, "JSON file with comments; its \"logs\" are log files to ship")
        ->type_name("FILE")
        ->check(not_empty);
    add_shared_flags(run, flags,
                     {"Put before every topic's name", "This host's name in by-node records (what the kernel says)",
                      "Where accepted lines are kept until Kafka has them ($STATE_DIRECTORY, else "
                      "$XDG_STATE_HOME/metrics-agent, else ~/.local/state/metrics-agent)"});
    run.add_flag("--no-state", flags.no_state,
                 "Keep everything in memory instead: what is pending ends with the process");
    run.add_option("--fsync", flags.fsync,
                   "When the state directory is forced to the disk: interval (each second), always (before `sync` "
                   "answers durable=1) or never")
        ->capture_default_str()
        ->type_name("WHEN");
    run.add_option("--max-bytes", flags.max_bytes, "What the state directory may hold; then the oldest is dropped")
        ->capture_default_str()
        ->type_name("BYTES")
        ->check(whole_number);
    run.add_option("--flush-interval", flags.flush_interval_s, "Seconds between two flushes of what changed")
        ->capture_default_str()
        ->type_name("S");
    run.add_option("--resolution", flags.resolution_s, "Seconds of event time that are merged into one record")
        ->capture_default_str()
        ->type_name("S");
    repeatable(
        run.add_option("--deny", flags.deny, "Reject every line whose metric matches, repeatable; * ? [a-z] [!a-z]"))
        ->type_name("GLOB");
    run.add_option("--max-series", flags.max_series, "Live series at the most")
        ->capture_default_str()
        ->type_name("N")
        ->check(whole_number);
    run.add_flag("--embedded-broker", flags.embedded_broker,
                 "A Kafka broker inside the process, for demos; kcat can read it; keeps 5 MiB a partition");
    run.add_flag("--stdout", flags.to_stdout, "Write records as JSON lines to standard output instead of Kafka");
}

// `run` may be left out: its flags then stand alone.
std::vector<std::string> with_command(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const auto is_own = [](std::string_view word) { return word == "-h" || word == "--help" || word == "--version"; };
    if (words.empty() || (words[0].starts_with('-') && !is_own(words[0]))) {
        words.insert(words.begin(), "run");
    }
    std::ranges::reverse(words); // as CLI11 takes them
    return words;
}

// CLI11 would take the FILE [a,b] for a list of two; ./[a,b] is the same file. `words` as it takes them; only those
// that are no option's value are changed.
void keep_files_whole(const CLI::App& command, std::vector<std::string>& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i].starts_with('[') && words[i].ends_with(']')) {
            const auto* const option = command.get_option_no_throw(words[i + 1]);
            if (option == nullptr || option->get_positional() || option->get_items_expected_max() == 0) {
                words[i].insert(0, "./");
            }
        }
    }
}

int run_command(const RunFlags& flags, const std::function<int(const RunOptions&)>& run) {
    const auto options = finalize(flags);
    if (!options) {
        report_usage(std::cerr, options.error());
        return exit_usage;
    }
    return run(*options);
}

} // namespace

int dispatch(int argc, char** argv, const std::function<int(const RunOptions&)>& run,
             const std::function<int(const TailOptions&)>& tail) {
    CLI::App app("metrics-agent: takes metrics over local TCP, merges them, forwards them to Kafka", "metrics-agent");
    app.require_subcommand(1);
    app.set_version_flag("--version", "metrics-agent " + std::string(version));
    RunFlags flags;
    int exit_code = exit_ok;
    auto* const run_app = app.add_subcommand("run", "The daemon; what is done when no command is given");
    add_run_flags(*run_app, flags);
    run_app->callback([&] { exit_code = run_command(flags, run); });
    add_tail_command(app, exit_code, tail);
    add_parse_command(app, exit_code);
    add_digest_commands(app, exit_code);
    add_journal_commands(app, exit_code);
    auto words = with_command(argc, argv);
    const auto& first = words.back();
    const auto is_named = [&](const CLI::App* command) { return command->check_name(first); };
    if (!first.starts_with('-') && app.get_subcommands(is_named).empty()) {
        std::cerr << "metrics-agent: no command \"" << first << "\"\nRun with --help for more information.\n";
        return exit_usage;
    }
    for (const auto* const command : app.get_subcommands(is_named)) {
        keep_files_whole(*command, words);
    }
    try { // CLI11 reports by exceptions; they end here
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_ok : exit_usage;
    }
    return exit_code;
}

} // namespace agent::app
