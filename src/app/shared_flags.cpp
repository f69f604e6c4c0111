#include "app/shared_flags.hpp"

namespace agent::app {

std::string not_empty(const std::string& text) {
    return text.empty() ? "must not be empty" : "";
}

std::string whole_number(const std::string& text) {
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos &&
                           (text[0] != '0' || text.size() == 1);
    return is_number ? "" : "\"" + text + "\" is no whole number";
}

CLI::Option* repeatable(CLI::Option* option) {
    return option->expected(1)->take_all()->allow_extra_args(false); // with them [ab] would be a list of ab
}

void add_shared_flags(CLI::App& command, SharedFlags& flags, const SharedTexts& texts) {
    command.add_option("--brokers", flags.brokers, "Kafka's bootstrap servers, HOST:PORT,... (localhost:9092)")
        ->type_name("LIST")
        ->check(not_empty);
    repeatable(
        command.add_option("-X", flags.properties, "Any librdkafka property, repeatable; overrides the agent's own"))
        ->type_name("PROPERTY=VALUE");
    command.add_option("--topic-prefix", flags.topic_prefix, texts.topic_prefix)->type_name("P");
    command.add_option("--host", flags.host, texts.host)->type_name("NAME")->check(not_empty);
    command.add_option("--state-dir", flags.state_dir, texts.state_dir)->type_name("DIR")->check(not_empty);
    command.add_option("--log-level", flags.log_level, "error, warning, info or debug")
        ->capture_default_str()
        ->type_name("LEVEL");
}

} // namespace agent::app
