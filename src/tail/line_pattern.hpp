// A regular expression that lines are searched for: Perl's syntax, over bytes, with `^` at the beginning of the line
// only.
//
// Boost's and not the standard library's: that of libstdc++ calls itself for each byte that it takes, and a line of
// some 100 KB overflows the stack. Boost's keeps what it may go back to on the heap, and gives up at a bound. Of Boost
// only headers are used.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <boost/regex.hpp>
#include <boost/system/result.hpp>

namespace agent::tail {

class LinePattern {
  public:
    // Or what is wrong with it, for people.
    static boost::system::result<LinePattern, std::string> compile(std::string_view text);

    // Whether it is found anywhere in the line. A search that takes more steps than Boost's bound finds nothing.
    bool is_in(std::string_view line) const;

  private:
    explicit LinePattern(boost::regex regex) : regex_(std::move(regex)) {}

    boost::regex regex_;
};

} // namespace agent::tail
