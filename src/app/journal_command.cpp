#include "app/journal_command.hpp"

#include "app/command_report.hpp"
#include "app/default_state_dir.hpp"
#include "app/exit_code.hpp"
#include "app/journal_show_command.hpp"
#include "app/lock_holder.hpp"
#include "journal/posix_file_system.hpp"

#include <csignal>
#include <iostream>
#include <memory>
#include <string>

namespace agent::app {

namespace {

int show(JournalShowOptions options) {
    std::signal(SIGPIPE, SIG_DFL); // `| head` may end it, as it ends other filters
    options.directory = state_dir_or_default(options.directory);
    if (options.directory.empty()) {
        report(std::cerr, "no state directory: neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set; name it");
        return exit_usage;
    }
    options.holder = lock_holder(options.directory + "/lock");
    journal::PosixFileSystem files;
    const int code = show_journal(files, std::cout, std::cerr, options);
    if (std::cout.flush()) {
        return code;
    }
    report(std::cerr, "cannot write to standard output");
    return exit_failure;
}

} // namespace

void add_journal_commands(CLI::App& app, int& exit_code) {
    auto* const journal = app.add_subcommand("journal", "Looks into a state directory");
    journal->require_subcommand(1);
    auto options = std::make_shared<JournalShowOptions>();
    auto* const command = journal->add_subcommand(
        "show",
        "What a state directory holds; changes nothing, also while an agent runs; exit code 1 if it is damaged");
    command
        ->add_option("DIR", options->directory,
                     "The state directory ($STATE_DIRECTORY, else $XDG_STATE_HOME/metrics-agent, else "
                     "~/.local/state/metrics-agent)")
        ->check([](const std::string& text) { return text.empty() ? "must not be empty" : ""; });
    command->add_flag("--json", options->json, "One JSON object");
    command->callback([options, &exit_code] { exit_code = show(*options); });
}

} // namespace agent::app
