#include "mabs/line_check.hpp"

#include "mabs/digest_decode.hpp"

namespace agent::mabs {

namespace {

LineError moved(LineError error, std::string_view part, std::string_view text) {
    error.offset += static_cast<std::uint32_t>(part.data() - text.data());
    return error;
}

} // namespace

LineError error_about(std::string_view part, core::RejectReason reason, std::string_view text) {
    return moved({reason, 0, static_cast<std::uint32_t>(part.size())}, part, text);
}

LineError check_names(const Line& line, std::string_view text, TagList& tags) {
    if (const auto error = check_metric(line.metric)) {
        return moved(error, line.metric, text);
    }
    if (const auto error = parse_tags(line.tail, line.verb == Verb::put ? ByNode::ordinary_tag : ByNode::flag, tags)) {
        return moved(error, line.tail, text);
    }
    return {};
}

boost::system::result<DigestLayout, LineError> decode_value(const Line& line, std::string_view text,
                                                            std::vector<std::byte>& scratch, TDigest& into,
                                                            std::string& detail) {
    const auto decoded = decode_digest_text(line.value, scratch, into);
    if (decoded) {
        return *decoded;
    }
    decoded.error().append_message(detail);
    return error_about(line.value, decoded.error().reason(), text);
}

} // namespace agent::mabs
