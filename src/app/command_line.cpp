#include "app/command_line.hpp"

#include "app/digest_command.hpp"
#include "app/exit_code.hpp"
#include "app/journal_command.hpp"
#include "app/parse_command.hpp"
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

// An unset variable of a script must not quietly mean the default.
std::string not_empty(const std::string& text) {
    return text.empty() ? "must not be empty" : "";
}

void add_run_flags(CLI::App& run, RunFlags& flags) {
    run.add_option("--listen", flags.listen, "Take lines on HOST:PORT, repeatable; port 0 picks one (localhost:18126)")
        ->type_name("HOST:PORT")
        ->expected(1)
        ->take_all();
    run.add_option("--listen-unix", flags.listen_unix, "Take lines on a unix stream socket too, repeatable")
        ->type_name("PATH")
        ->expected(1)
        ->take_all();
    run.add_flag("--allow-remote", flags.allow_remote, "Let --listen name addresses that are not loopback");
    run.add_option("--brokers", flags.brokers, "Kafka's bootstrap servers, HOST:PORT,... (localhost:9092)")
        ->type_name("LIST")
        ->check(not_empty);
    run.add_option("-X", flags.properties, "Any librdkafka property, repeatable; overrides the agent's own")
        ->type_name("PROPERTY=VALUE")
        ->expected(1)
        ->take_all();
    run.add_option("--topic-prefix", flags.topic_prefix, "Put before every topic's name")->type_name("P");
    run.add_option("--host", flags.host, "This host's name in by-node records (what the kernel says)")
        ->type_name("NAME")
        ->check(not_empty);
    run.add_option("--state-dir", flags.state_dir,
                   "Where accepted lines are kept until Kafka has them ($STATE_DIRECTORY, else "
                   "$XDG_STATE_HOME/metrics-agent, else ~/.local/state/metrics-agent)")
        ->type_name("DIR")
        ->check(not_empty);
    run.add_flag("--no-state", flags.no_state,
                 "Keep everything in memory instead: what is pending ends with the process");
    run.add_option("--fsync", flags.fsync,
                   "When the state directory is forced to the disk: interval (each second), always (before `sync` "
                   "answers durable=1) or never")
        ->capture_default_str()
        ->type_name("WHEN");
    run.add_option("--max-bytes", flags.max_bytes, "What the state directory may hold; then the oldest is dropped")
        ->capture_default_str()
        ->type_name("BYTES");
    run.add_option("--flush-interval", flags.flush_interval_s, "Seconds between two flushes of what changed")
        ->capture_default_str()
        ->type_name("S");
    run.add_option("--resolution", flags.resolution_s, "Seconds of event time that are merged into one record")
        ->capture_default_str()
        ->type_name("S");
    run.add_option("--deny", flags.deny, "Reject every line whose metric matches, repeatable; * ? [a-z] [!a-z]")
        ->type_name("GLOB")
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false); // with them [ab] would be a list of ab
    run.add_option("--max-series", flags.max_series, "Live series at the most")->capture_default_str()->type_name("N");
    run.add_flag("--embedded-broker", flags.embedded_broker,
                 "A Kafka broker inside the process, for demos; kcat can read it; keeps 5 MiB a partition");
    run.add_flag("--stdout", flags.to_stdout, "Write records as JSON lines to standard output instead of Kafka");
    run.add_option("--log-level", flags.log_level, "error, warning, info or debug")
        ->capture_default_str()
        ->type_name("LEVEL");
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

int run_command(const RunFlags& flags, const std::function<int(const RunOptions&)>& run) {
    const auto options = finalize(flags);
    if (!options) {
        for (const auto& error : options.error()) {
            std::cerr << "metrics-agent: " << error << '\n';
        }
        return exit_usage;
    }
    return run(*options);
}

} // namespace

int dispatch(int argc, char** argv, const std::function<int(const RunOptions&)>& run) {
    CLI::App app("metrics-agent: takes metrics over local TCP, merges them, forwards them to Kafka", "metrics-agent");
    app.require_subcommand(1);
    app.set_version_flag("--version", "metrics-agent " + std::string(version));
    RunFlags flags;
    int exit_code = exit_ok;
    auto* const run_app = app.add_subcommand("run", "The daemon; what is done when no command is given");
    add_run_flags(*run_app, flags);
    run_app->callback([&] { exit_code = run_command(flags, run); });
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
    try { // CLI11 reports by exceptions; they end here
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_ok : exit_usage;
    }
    return exit_code;
}

} // namespace agent::app
