#include "aggregate/deny_list.hpp"

#include "mabs/line_check.hpp"

namespace agent::aggregate {

const MetricGlob* DenyList::find(std::string_view metric) const {
    for (const auto& glob : globs_) {
        if (glob.matches(metric)) {
            return &glob;
        }
    }
    return nullptr;
}

std::size_t DenyList::words_a_byte() const {
    std::size_t words = 0;
    for (const auto& glob : globs_) {
        words += glob.words_a_byte();
    }
    return words;
}

mabs::LineError DenyList::check_globs(Entry& entry) const {
    const auto* const glob = find(entry.line.metric);
    if (glob == nullptr) {
        return {};
    }
    entry.detail.append("glob ");
    mabs::append_quoted(entry.detail, glob->text());
    return mabs::error_about(entry.line.metric, core::RejectReason::denied, entry.text);
}

} // namespace agent::aggregate
