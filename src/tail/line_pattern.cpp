#include "tail/line_pattern.hpp"

#include <algorithm>
#include <stdexcept>

namespace agent::tail {

boost::system::result<LinePattern, std::string> LinePattern::compile(std::string_view text) {
    using Compiled = boost::system::result<LinePattern, std::string>;
    if (text.empty()) {
        return Compiled(boost::system::in_place_error, "empty: it would be found in every line");
    }
    try { // Boost reports by exceptions; they end here
        return LinePattern(boost::regex(text.begin(), text.end(), boost::regex::perl));
    } catch (const boost::regex_error& error) {
        std::string what = error.what();
        what.resize(std::min(what.find(".  The error occurred"), what.size())); // it repeats the expression
        return Compiled(boost::system::in_place_error, "byte " + std::to_string(error.position() + 1) + ": " + what);
    }
}

bool LinePattern::is_in(std::string_view line) const {
    try {
        return boost::regex_search(line.begin(), line.end(), regex_,
                                   boost::match_any | boost::match_single_line | boost::match_nosubs);
    } catch (const std::runtime_error&) { // the bound on steps
        return false;
    }
}

} // namespace agent::tail
