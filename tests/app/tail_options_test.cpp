#include "app/tail_options.hpp"

#include "core/limits.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace agent::app {
namespace {

using Strings = std::vector<std::string>;

// Sets or unsets a variable of the environment for the time of its life.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* const before = std::getenv(name)) {
            before_ = before;
        }
        set(value);
    }
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    void set(const char* value) { value == nullptr ? unsetenv(name_) : setenv(name_, value, 1); }

    const char* name_;
    std::optional<std::string> before_;
};

TailFlags following() {
    TailFlags flags;
    flags.stream.include = {"/var/log/*.log"};
    flags.stream.topic = "t";
    flags.state_dir = "/state";
    return flags;
}

TailFlags shipping(Strings files) {
    TailFlags flags;
    flags.stream.topic = "t";
    flags.once = true;
    flags.files = std::move(files);
    return flags;
}

Strings errors_of(const TailFlags& flags, std::string_view directory = "/here") {
    const auto options = finalize(flags, directory);
    return options ? Strings() : options.error();
}

TEST_CASE("with files and a topic it follows them") {
    const auto options = finalize(following(), "/here");
    REQUIRE(options.has_value());
    CHECK(options->stream.name == "t");
    CHECK(options->stream.topic == "t");
    REQUIRE(options->stream.include.size() == 1);
    CHECK(options->stream.include[0].text() == "/var/log/*.log");
    CHECK(!options->once);
    CHECK(options->files.empty());
    CHECK(options->brokers == "localhost:9092");
    CHECK(options->properties.empty());
    CHECK(options->agent_topic() == "mabs.agent");
    CHECK(!options->host.empty());
    CHECK(options->state_dir == "/state");
    CHECK((options->log_level == observe::Level::info));
}

TEST_CASE("every flag arrives") {
    auto flags = following();
    flags.stream.exclude = {"*.gz", "../x/*"};
    flags.stream.framing = "frames";
    flags.stream.key = "file";
    flags.stream.start = "end";
    flags.brokers = "k1:9092,k2";
    flags.properties = {"linger.ms=5"};
    flags.topic_prefix = "p.";
    flags.host = "web-1";
    flags.log_level = "debug";
    flags.state_dir = "/s//";
    const auto options = finalize(flags, "/here/[1]");
    REQUIRE(options.has_value());
    REQUIRE(options->stream.exclude.size() == 2);
    CHECK(options->stream.exclude[0].text() == R"(/here/\[1]/*.gz)");
    CHECK(options->stream.exclude[1].text() == "/here/x/*");
    CHECK((options->stream.framing == tail::Framing::frames));
    CHECK((options->stream.key == tail::RecordKey::file));
    CHECK((options->stream.start == tail::Start::end));
    CHECK(options->brokers == "k1:9092,k2");
    CHECK((options->properties == std::vector<std::pair<std::string, std::string>>{{"linger.ms", "5"}}));
    CHECK(options->agent_topic() == "p.mabs.agent");
    CHECK(options->stream.topic == "t"); // without the prefix
    CHECK(options->host == "web-1");
    CHECK((options->log_level == observe::Level::debug));
    CHECK(options->state_dir == "/s");
}

TEST_CASE("once ships files") {
    const auto options = finalize(shipping({"b.log", "/a.log", "-", "./-", "../[c]"}), "/here/x");
    REQUIRE(options.has_value());
    CHECK(options->once);
    CHECK(options->files == Strings{"/here/x/b.log", "/a.log", "-", "/here/x/-", "/here/[c]"});
    CHECK(options->stream.include.empty());
    CHECK(options->stream.name == "t");
    CHECK(options->state_dir.empty());
    auto kept = shipping({"-"});
    kept.state_dir = "/s/";
    CHECK(finalize(kept, "/here")->state_dir == "/s");
}

TEST_CASE("the state directory is the daemon's, and -tail") {
    const Variable home("HOME", "/home/me");
    const Variable state("XDG_STATE_HOME", nullptr);
    const Variable service("STATE_DIRECTORY", nullptr);
    auto flags = following();
    flags.state_dir.clear();
    CHECK(finalize(flags, "/here")->state_dir == "/home/me/.local/state/metrics-agent-tail");
    {
        const Variable other("XDG_STATE_HOME", "/xdg");
        CHECK(finalize(flags, "/here")->state_dir == "/xdg/metrics-agent-tail");
    }
    {
        const Variable other("STATE_DIRECTORY", "/var/lib/a/:/b");
        CHECK(finalize(flags, "/here")->state_dir == "/var/lib/a-tail");
    }
    const Variable none("HOME", nullptr);
    const auto errors = errors_of(flags);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].find("--state-dir") != std::string::npos);
    CHECK(errors_of(shipping({"a"})).empty());
}

TEST_CASE("what is wrong names its flag") {
    struct Row {
        const char* error; // its beginning
        bool once;
        void (*spoil)(TailFlags&);
    };
    const Row rows[] = {
        {"--include: missing", false, [](TailFlags& f) { f.stream.include.clear(); }},
        {"--include \"\": ", false, [](TailFlags& f) { f.stream.include = {""}; }},
        {"--include \"/a[\": byte 3: ", false, [](TailFlags& f) { f.stream.include = {"/a", "/a["}; }},
        {"--include \"/here/a[\": byte 8: ", false, [](TailFlags& f) { f.stream.include = {"a["}; }},
        {"--include \"/here/\": ", false, [](TailFlags& f) { f.stream.include = {"."}; }},
        {"--exclude \"/a//b\": ", false, [](TailFlags& f) { f.stream.exclude = {"/a//b"}; }},
        {"--topic: missing", false, [](TailFlags& f) { f.stream.topic.reset(); }},
        {"--topic \"a b\": ", false, [](TailFlags& f) { f.stream.topic = "a b"; }},
        {"--topic \"mabs.agent\": ", false, [](TailFlags& f) { f.stream.topic = "mabs.agent"; }},
        {"--framing \"x\": ", false, [](TailFlags& f) { f.stream.framing = "x"; }},
        {"--multiline-start: missing", false, [](TailFlags& f) { f.stream.framing = "multiline"; }},
        {"--multiline-start: only", false, [](TailFlags& f) { f.stream.multiline_start = "a"; }},
        {"--pack-bytes 9999999: ", false, [](TailFlags& f) { f.stream.pack_bytes = 9'999'999; }},
        {"--max-record-bytes 1: ", false, [](TailFlags& f) { f.stream.max_record_bytes = 1; }},
        {"--start \"now\": ", false, [](TailFlags& f) { f.stream.start = "now"; }},
        {"--key \"x\": ", false, [](TailFlags& f) { f.stream.key = "x"; }},
        {"--brokers \",\": ", false, [](TailFlags& f) { f.brokers = ","; }},
        {"-X \"a\": ", false, [](TailFlags& f) { f.properties = {"a"}; }},
        {"--topic-prefix \"a b\": ", false, [](TailFlags& f) { f.topic_prefix = "a b"; }},
        {"--host \"a b\": ", false, [](TailFlags& f) { f.host = "a b"; }},
        {"--log-level \"loud\": ", false, [](TailFlags& f) { f.log_level = "loud"; }},
        {"FILE \"a.log\": only with --once", false, [](TailFlags& f) { f.files = {"a.log", "b.log"}; }},
        {"--once: needs a FILE", true, [](TailFlags& f) { f.files.clear(); }},
        {"--include: not with --once", true, [](TailFlags& f) { f.stream.include = {"/a", "b["}; }},
        {"--exclude: not with --once", true, [](TailFlags& f) { f.stream.exclude = {"/a"}; }},
        {"--start \"end\": not with --once", true, [](TailFlags& f) { f.stream.start = "end"; }},
        {"FILE \"\": must not be empty", true, [](TailFlags& f) { f.files = {"a", ""}; }},
        {"FILE \"-\": ", true, [](TailFlags& f) { f.files = {"-", "a", "-"}; }},
        {"FILE \"aaaa", true, [](TailFlags& f) { f.files = {std::string(core::limits::max_path_bytes, 'a')}; }},
        {"--topic: missing", true, [](TailFlags& f) { f.stream.topic.reset(); }},
    };
    for (const auto& [error, once, spoil] : rows) {
        CAPTURE(error);
        auto flags = once ? shipping({"/a.log"}) : following();
        spoil(flags);
        const auto errors = errors_of(flags);
        REQUIRE(errors.size() == 1);
        CAPTURE(errors[0]);
        CHECK(errors[0].starts_with(error));
    }
}

TEST_CASE("without a working directory only absolute paths will do") {
    CHECK(errors_of(following(), "").empty());
    CHECK(errors_of(shipping({"/a", "-"}), "").empty());
    auto flags = following();
    flags.stream.include = {"a"};
    flags.stream.exclude = {"/b", "c"};
    const auto errors = errors_of(flags, "");
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].starts_with("--include \"a\": the working directory"));
    CHECK(errors[1].starts_with("--exclude \"c\": the working directory"));
    CHECK(errors_of(shipping({"a"}), "").at(0).starts_with("FILE \"a\": the working directory"));
}

TEST_CASE("everything that is wrong is told at once") {
    TailFlags flags;
    flags.files = {"a"};
    flags.brokers = ",";
    flags.host = "a b";
    flags.stream.pack_bytes = 9'999'999;
    flags.state_dir = "/s";
    CHECK(errors_of(flags).size() == 6); // and no include, no topic
}

} // namespace
} // namespace agent::app
