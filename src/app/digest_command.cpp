#include "app/digest_command.hpp"

#include "app/command_report.hpp"
#include "app/digest_encode_command.hpp"
#include "app/digest_limits.hpp"
#include "app/digest_merge_command.hpp"
#include "app/digest_show_command.hpp"
#include "app/exit_code.hpp"
#include "app/terminal.hpp"
#include "mabs/number.hpp"

#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

namespace agent::app {

namespace {

constexpr const char* default_quantiles = "0.5,0.9,0.95,0.99,0.999";

CLI::Validator compression_range() {
    return {[](std::string& text) -> std::string {
                double value = 0;
                const auto fault = mabs::parse_decimal(text, value);
                const bool good = fault == mabs::NumberFault::none && value >= min_digest_compression &&
                                  value <= max_digest_compression;
                return good ? "" : "\"" + text + "\" is not a number from 10 to 1000";
            },
            ""};
}

CLI::Validator quantile_list() {
    return {[](std::string& text) -> std::string {
                return parse_quantiles(text) ? "" : "\"" + text + "\" is not a list of different numbers from 0 to 1";
            },
            ""};
}

// Runs a command on the standard streams.
template <typename Command, typename Options>
int on_standard_streams(Command command, const Options& options) {
    std::signal(SIGPIPE, SIG_DFL); // `| head` may end it, as it ends other filters
    std::ios::sync_with_stdio(false);
    const int code = command(std::cin, std::cout, std::cerr, options);
    if (std::cout.flush()) return code;
    report(std::cerr, "cannot write to standard output");
    return exit_failure;
}

void add_encode(CLI::App& digest, int& exit_code) {
    auto options = std::make_shared<DigestEncodeOptions>();
    auto* const encode = digest.add_subcommand("encode", "Numbers on standard input, one a line -> a Base64 t-digest");
    encode->add_option("--compression", options->compression, "Precision, 10 to 1000; centroids and size grow with it")
        ->check(compression_range())
        ->capture_default_str()
        ->type_name("N");
    encode->add_flag("--small", options->small, "Half the size: weights and means as floats");
    encode->callback([options, &exit_code] { exit_code = on_standard_streams(encode_digest, *options); });
}

void add_show(CLI::App& digest, int& exit_code) {
    struct Flags {
        bool json = false;
        std::string quantiles = default_quantiles;
    };
    auto flags = std::make_shared<Flags>();
    auto* const show = digest.add_subcommand(
        "show", "Base64 t-digests on standard input, one a line -> what is in them; exit code 1 if any is bad");
    show->add_flag("--json", flags->json, "One JSON object for each line of input, bad and empty ones too");
    show->add_option("--quantiles", flags->quantiles, "Which quantiles, each from 0 to 1")
        ->check(quantile_list())
        ->capture_default_str()
        ->type_name("Q,...");
    show->callback([flags, &exit_code] {
        const DigestShowOptions options{flags->json, *parse_quantiles(flags->quantiles), terminal_columns()};
        exit_code = on_standard_streams(show_digests, options);
    });
}

void add_merge(CLI::App& digest, int& exit_code) {
    auto options = std::make_shared<DigestMergeOptions>();
    auto* const merge = digest.add_subcommand(
        "merge", "Base64 t-digests on standard input, one a line -> one Base64 t-digest of them all");
    merge
        ->add_option("--compression", options->compression,
                     "Precision of the result, 10 to 1000 (the largest of the inputs')")
        ->check(compression_range())
        ->type_name("N");
    merge->callback([options, &exit_code] { exit_code = on_standard_streams(merge_digests, *options); });
}

} // namespace

void add_digest_commands(CLI::App& app, int& exit_code) {
    auto* const digest = app.add_subcommand("digest", "Writes, reads and merges t-digests");
    digest->require_subcommand(1);
    add_encode(*digest, exit_code);
    add_show(*digest, exit_code);
    add_merge(*digest, exit_code);
}

} // namespace agent::app
