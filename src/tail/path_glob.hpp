// A pattern for absolute paths of files.
//
// - `*`: any run of bytes but `/`, also none; `?`: one byte but `/`
// - `[abc]`: one of these bytes; `[a-z]`: ranges; `[!abc]` or `[^abc]`: one byte but `/` that is none of them. A `]`
//   that stands first, and a `-` that stands first or last, are themselves, and so are `*`, `?`, `[` and `\`
// - `**` as a whole component: any number of directories, also none; as the last one: every file below, at any depth
// - `\` takes the next byte as it is
//
// Bytes are compared, no encoding is assumed. A leading dot is matched like any other byte. Source: glob(7), with `**`
// as in bash's globstar.
//
// Matching never goes back further than to the last `*` of a name and the last `**` of a path, so that its time is at
// most the product of both lengths, whatever the pattern. Nothing is allocated by it. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::tail {

class PathGlob {
  public:
    // Absolute paths only, without empty, `.` and `..` components; or what is wrong with it, for people.
    static boost::system::result<PathGlob, std::string> compile(std::string_view text);

    // The pattern that matches this path only: its special bytes stand behind a `\`.
    static std::string escape(std::string_view path);

    // `path` is absolute; one with an empty component ("/a//b", "/a/") matches nothing.
    bool matches(std::string_view path) const;

    // Whether a directory ("/" or "/a/b") can hold a file, at any depth, that matches: what a scan has to go into.
    bool may_match_below(std::string_view directory) const;

    // The directory that every match is below, as long as it has no pattern in it, as the file system spells it:
    // "/var/log" of "/var/log/*/x.log", "/" of "/*.log".
    const std::string& base() const { return base_; }
    const std::string& text() const { return text_; }

    friend bool operator==(const PathGlob& a, const PathGlob& b) { return a.text_ == b.text_; }

  private:
    PathGlob() = default;

    std::string text_;
    std::string base_;
    std::vector<std::string> components_; // patterns; the last one is never `**`
};

} // namespace agent::tail
