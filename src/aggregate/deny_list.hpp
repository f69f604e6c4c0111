// The metrics that the operator does not want (--deny): a list of globs (metric_glob.hpp), tried in order. Asked only
// where a line's spelling is not known, and for points, so that the lines of live series do not pay for it; what it
// names never becomes a series, so it is asked for each such line again. Asking takes at most one pass over the name
// for each glob.
#pragma once

#include "aggregate/metric_glob.hpp"
#include "aggregate/sample_sink.hpp"
#include "mabs/line_error.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace agent::aggregate {

class DenyList {
  public:
    // The caller sees to core::limits::max_deny_globs.
    void add(MetricGlob glob) { globs_.push_back(std::move(glob)); }

    [[nodiscard]] std::size_t size() const { return globs_.size(); }

    // What a byte of a name may cost, over all globs (MetricGlob::words_a_byte()).
    [[nodiscard]] std::size_t words_a_byte() const;

    // The first glob that the metric matches, or none.
    [[nodiscard]] const MetricGlob* find(std::string_view metric) const;

    // The error `denied`, with entry.detail naming the glob, if the line's metric matches one. A denied line is not
    // looked at any further: there may be many of them.
    [[nodiscard]] mabs::LineError check(Entry& entry) const {
        return globs_.empty() ? mabs::LineError{} : check_globs(entry);
    }

  private:
    [[nodiscard]] mabs::LineError check_globs(Entry& entry) const;

    std::vector<MetricGlob> globs_;
};

} // namespace agent::aggregate
