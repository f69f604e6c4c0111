#include "app/run_options.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

using core::Topic;

constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
constexpr auto infinity = std::numeric_limits<double>::infinity();

std::vector<std::string> addresses(const RunOptions& options) {
    std::vector<std::string> list;
    for (const auto& address : options.listen.tcp) {
        list.push_back(listen::to_string(address));
    }
    return list;
}

std::vector<std::string> errors_of(const RunFlags& flags) {
    const auto options = finalize(flags);
    return options ? std::vector<std::string>{} : options.error();
}

TEST_CASE("with no flags it runs on loopback against a local broker") {
    const auto options = finalize({});
    REQUIRE(options.has_value());
    CHECK(addresses(*options) == std::vector<std::string>{"127.0.0.1:18126", "[::1]:18126"});
    CHECK(options->listen.unix_paths.empty());
    CHECK((options->output == OutputKind::kafka));
    CHECK(options->brokers == "localhost:9092");
    CHECK(options->properties.empty());
    CHECK(options->topics == core::topic_names(""));
    CHECK(!options->host.empty());
    CHECK(options->flush_interval_ms == 10'000);
    CHECK(options->resolution_ms == 60'000);
    CHECK(options->max_series == core::limits::default_max_series);
    CHECK((options->log_level == observe::Level::info));
}

TEST_CASE("every flag arrives") {
    RunFlags flags;
    flags.listen = {"127.0.0.1:0", "[::1]:5000"};
    flags.listen_unix = {"/run/a.sock", "b.sock"};
    flags.brokers = "k1:9092,k2:9092";
    flags.properties = {"linger.ms=5", "sasl.password=a=b", "client.id="};
    flags.topic_prefix = "test.";
    flags.host = "web-1";
    flags.flush_interval_s = 0.25;
    flags.resolution_s = 1.5;
    flags.deny = {"tmp.*", "[ab]?"};
    flags.max_series = 7;
    flags.log_level = "debug";
    const auto options = finalize(flags);
    REQUIRE(options.has_value());
    CHECK(addresses(*options) == std::vector<std::string>{"127.0.0.1:0", "[::1]:5000"});
    CHECK(options->listen.unix_paths == flags.listen_unix);
    CHECK(options->brokers == "k1:9092,k2:9092");
    using Properties = std::vector<std::pair<std::string, std::string>>;
    CHECK((options->properties ==
           Properties{{"linger.ms", "5"}, {"sasl.password", "a=b"}, {"client.id", ""}})); // at the first `=`
    CHECK(options->topics[core::index(Topic::by_node)] == "test.mabs.by_node");
    CHECK(options->host == "web-1");
    CHECK(options->flush_interval_ms == 250);
    CHECK(options->resolution_ms == 1500);
    CHECK(options->deny.size() == 2);
    CHECK(options->deny.find("tmp.x")->text() == "tmp.*");
    CHECK(options->max_series == 7);
    CHECK((options->log_level == observe::Level::debug));
}

TEST_CASE("the three outputs exclude each other") {
    RunFlags flags;
    flags.embedded_broker = true;
    CHECK((finalize(flags)->output == OutputKind::embedded_broker));
    flags.embedded_broker = false;
    flags.to_stdout = true;
    CHECK((finalize(flags)->output == OutputKind::standard_output));
    for (int bits = 0; bits < 8; ++bits) {
        flags.brokers = (bits & 1) != 0 ? "k:9092" : "";
        flags.embedded_broker = (bits & 2) != 0;
        flags.to_stdout = (bits & 4) != 0;
        const bool is_good = bits == 0 || bits == 1 || bits == 2 || bits == 4;
        CHECK(finalize(flags).has_value() == is_good);
    }
}

TEST_CASE("leaving loopback takes an explicit word") {
    for (const std::string address : {"0.0.0.0:18126", "10.0.0.1:1", "[::]:18126", "[fe80::1]:7"}) {
        CAPTURE(address);
        RunFlags flags;
        flags.listen = {"127.0.0.1:18126", address};
        const auto errors = errors_of(flags);
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].starts_with("--listen \"" + address + "\""));
        CHECK(errors[0].find("--allow-remote") != std::string::npos);
        flags.allow_remote = true;
        REQUIRE(finalize(flags).has_value());
        CHECK(addresses(*finalize(flags)) == flags.listen);
    }
}

TEST_CASE("what is wrong names its flag") {
    struct Row {
        const char* flag;
        void (*spoil)(RunFlags&);
    };
    const Row rows[] = {
        {"--listen", [](RunFlags& flags) { flags.listen = {"localhost"}; }},
        {"--listen", [](RunFlags& flags) { flags.listen = {""}; }},
        {"--listen", [](RunFlags& flags) { flags.listen = {"example.com:80"}; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = ","; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1:9092,"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1,,k2"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1 k2"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1:"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1:0"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1:65536"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "k1:kafka"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = ":9092"; }},
        {"--brokers", [](RunFlags& flags) { flags.brokers = "SSL://"; }},
        {"-X", [](RunFlags& flags) { flags.properties = {"linger.ms"}; }},
        {"-X", [](RunFlags& flags) { flags.properties = {"=5"}; }},
        {"-X", [](RunFlags& flags) { flags.properties = {""}; }},
        {"--topic-prefix", [](RunFlags& flags) { flags.topic_prefix = "a b"; }},
        {"--topic-prefix", [](RunFlags& flags) { flags.topic_prefix = "a/b"; }},
        {"--topic-prefix", [](RunFlags& flags) { flags.topic_prefix = "ä"; }},
        {"--topic-prefix", [](RunFlags& flags) { flags.topic_prefix = std::string(238, 'p'); }},
        {"--host", [](RunFlags& flags) { flags.host = "a b"; }},
        {"--host", [](RunFlags& flags) { flags.host = "a\tb"; }},
        {"--host", [](RunFlags& flags) { flags.host = "a\xFF"; }},
        {"--host", [](RunFlags& flags) { flags.host = std::string(256, 'h'); }},
        {"--flush-interval", [](RunFlags& flags) { flags.flush_interval_s = 0; }},
        {"--flush-interval", [](RunFlags& flags) { flags.flush_interval_s = 0.009; }},
        {"--flush-interval", [](RunFlags& flags) { flags.flush_interval_s = -1; }},
        {"--flush-interval", [](RunFlags& flags) { flags.flush_interval_s = 3600.5; }},
        {"--flush-interval", [](RunFlags& flags) { flags.flush_interval_s = nan; }},
        {"--resolution", [](RunFlags& flags) { flags.resolution_s = 0; }},
        {"--resolution", [](RunFlags& flags) { flags.resolution_s = 24 * 3600 + 1; }},
        {"--resolution", [](RunFlags& flags) { flags.resolution_s = infinity; }},
        {"--max-series", [](RunFlags& flags) { flags.max_series = 0; }},
        {"--max-series", [](RunFlags& flags) { flags.max_series = 100'000'001; }},
        {"--deny \"a[\": byte 2: ", [](RunFlags& flags) { flags.deny = {"a*", "a["}; }},
        {"--deny \"\"", [](RunFlags& flags) { flags.deny = {""}; }},
        {"--deny \"a,b\": byte 2: ", [](RunFlags& flags) { flags.deny = {"a,b"}; }},
        {"--deny: 257 globs", [](RunFlags& flags) { flags.deny.assign(257, "a"); }},
        {"--log-level", [](RunFlags& flags) { flags.log_level = "loud"; }},
        {"--log-level", [](RunFlags& flags) { flags.log_level = ""; }},
    };
    for (const auto& [flag, spoil] : rows) {
        CAPTURE(flag);
        RunFlags flags;
        spoil(flags);
        const auto errors = errors_of(flags);
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].starts_with(flag));
    }
}

TEST_CASE("brokers in all their forms") {
    for (const char* brokers : {"k", "k:1", "k:65535", "10.0.0.1:9092", "[::1]:9092", "[::1]", "k1,k2:9092,k3",
                                "SSL://k1:9093,SASL_SSL://k2:9094"}) {
        CAPTURE(brokers);
        RunFlags flags;
        flags.brokers = brokers;
        REQUIRE(finalize(flags).has_value());
        CHECK(finalize(flags)->brokers == brokers);
    }
}

TEST_CASE("values at the ends of their ranges") {
    RunFlags flags;
    flags.flush_interval_s = 0.01;
    flags.resolution_s = 24 * 3600;
    flags.topic_prefix = std::string(237, 'p'); // and mabs.by_node: 249 bytes, Kafka's limit
    flags.host = std::string(255, 'h');
    flags.max_series = 1;
    const auto options = finalize(flags);
    REQUIRE(options.has_value());
    CHECK(options->flush_interval_ms == 10);
    CHECK(options->resolution_ms == 24 * 3600 * 1000);
    flags = {};
    flags.flush_interval_s = 3600;
    flags.resolution_s = 0.01;
    flags.max_series = 100'000'000;
    REQUIRE(finalize(flags).has_value());
    CHECK(finalize(flags)->resolution_ms == 10);
}

TEST_CASE("decimals are rounded to milliseconds") {
    RunFlags flags;
    flags.flush_interval_s = 0.0299999999;
    flags.resolution_s = 0.1;
    REQUIRE(finalize(flags).has_value());
    CHECK(finalize(flags)->flush_interval_ms == 30);
    CHECK(finalize(flags)->resolution_ms == 100);
}

TEST_CASE("everything that is wrong is told at once") {
    RunFlags flags;
    flags.listen = {"nowhere", "0.0.0.0:1", "127.0.0.1:1"};
    flags.properties = {"a", "b=1", "c"};
    flags.host = "a b";
    flags.resolution_s = 0;
    flags.to_stdout = true;
    flags.embedded_broker = true;
    CHECK(errors_of(flags).size() == 7);
}

} // namespace
} // namespace agent::app
