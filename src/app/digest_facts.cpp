#include "app/digest_facts.hpp"

#include "forward/text_writer.hpp"

namespace agent::app {

using forward::TextWriter;

void append_digest_facts(std::string& out, const mabs::TDigest& digest, mabs::DigestLayout layout) {
    constexpr std::size_t names_and_layout = 128;
    TextWriter writer(out, names_and_layout + 6 * TextWriter::number_chars);
    writer.text(R"("count":)");
    writer.number(digest.weight());
    writer.text(R"(,"min":)");
    writer.number(digest.min());
    writer.text(R"(,"max":)");
    writer.number(digest.max());
    writer.text(R"(,"sum":)");
    writer.number(digest.sum());
    writer.text(R"(,"layout":")");
    writer.text(to_string(layout));
    writer.text(R"(","compression":)");
    writer.number(digest.compression());
    writer.text(R"(,"centroids":)");
    writer.integer(static_cast<std::uint64_t>(digest.centroids().size()));
}

} // namespace agent::app
