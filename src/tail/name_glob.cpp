#include "tail/name_glob.hpp"

#include <utility>

namespace agent::tail {

namespace {

// A class, `[...]`, at the beginning of a pattern.
struct ByteClass {
    std::string_view members;
    bool is_negated = false;
    std::size_t length = 0; // of all of it; 0: it has no end
};

ByteClass first_class(std::string_view pattern) {
    const bool is_negated = pattern.size() > 1 && (pattern[1] == '!' || pattern[1] == '^');
    const std::size_t begin = is_negated ? 2 : 1;
    const auto end = pattern.find(']', begin + 1); // one that stands first is a member
    if (end == std::string_view::npos) {
        return {};
    }
    return {pattern.substr(begin, end - begin), is_negated, end + 1};
}

// The member, one byte or `a-z`, at the beginning of what is left of a class.
struct Member {
    unsigned char from = 0;
    unsigned char to = 0;
    std::size_t length = 0;
};

Member first_member(std::string_view members) {
    const bool is_range = members.size() > 2 && members[1] == '-';
    return {static_cast<unsigned char>(members[0]), static_cast<unsigned char>(members[is_range ? 2 : 0]),
            is_range ? std::size_t{3} : 1};
}

bool has_member(std::string_view members, unsigned char byte) {
    while (!members.empty()) {
        const auto member = first_member(members);
        if (member.from <= byte && byte <= member.to) {
            return true;
        }
        members.remove_prefix(member.length);
    }
    return false;
}

// How long the element at the beginning of the pattern is, which is no star, if it takes the byte; else 0.
std::size_t step(std::string_view pattern, char byte) {
    switch (pattern[0]) {
    case '?': return 1;
    case '[': {
        const auto bytes = first_class(pattern);
        return has_member(bytes.members, static_cast<unsigned char>(byte)) != bytes.is_negated ? bytes.length : 0;
    }
    case '\\': return pattern[1] == byte ? 2 : 0;
    default: return pattern[0] == byte ? 1 : 0;
    }
}

class NameCheck {
  public:
    explicit NameCheck(std::string_view glob) : glob_(glob), left_(glob) {}

    NameGlobCheck check() {
        if (left_.empty()) {
            return {"an empty name; what is in a directory is DIR/* or DIR/**", 0, {}};
        }
        while (!left_.empty()) {
            if (const auto fault = take(); !fault.empty()) {
                return {fault, glob_.size() - left_.size(), {}};
            }
        }
        if (literal_ == "." || literal_ == "..") {
            return {"no \".\" and \"..\": matched are the paths that files really have", 0, {}};
        }
        return {{}, 0, std::move(literal_)};
    }

  private:
    std::string_view take() {
        switch (left_[0]) {
        case '[': return take_class();
        case '*':
        case '?':
            literal_.reset();
            skip(1);
            return {};
        case '\\':
            if (left_.size() == 1) {
                return "\"\\\" with nothing behind it to take as it is";
            }
            skip(1);
            break;
        default: break;
        }
        return take_literal();
    }

    std::string_view take_literal() {
        if (left_[0] == '\0') {
            return "a NUL, which no path has";
        }
        if (literal_) {
            literal_->push_back(left_[0]);
        }
        skip(1);
        return {};
    }

    std::string_view take_class() {
        literal_.reset();
        const auto bytes = first_class(left_);
        if (bytes.length == 0) {
            return "\"[\" without its \"]\"";
        }
        for (auto members = bytes.members; !members.empty();) {
            const auto member = first_member(members);
            if (members.starts_with("[:") || members.starts_with("[.") || members.starts_with("[=")) {
                return "named classes, such as [:digit:], are not known; write [0-9]";
            }
            if (member.from > member.to) {
                skip(static_cast<std::size_t>(members.data() - left_.data()));
                return "a range from a later to an earlier byte";
            }
            members.remove_prefix(member.length);
        }
        skip(bytes.length);
        return {};
    }

    void skip(std::size_t bytes) { left_.remove_prefix(bytes); }

    std::string_view glob_;
    std::string_view left_;
    std::optional<std::string> literal_ = std::string();
};

} // namespace

NameGlobCheck check_name_glob(std::string_view glob) {
    return NameCheck(glob).check();
}

// The last star takes one byte more at each failure. Those before it need not: what they have let through as early as
// could be leaves the most to the rest.
bool name_matches(std::string_view glob, std::string_view name) {
    if (name.empty()) {
        return false;
    }
    bool has_star = false;
    std::string_view behind_star;
    std::string_view left_to_star;
    for (;;) {
        if (glob.starts_with('*')) {
            glob.remove_prefix(1);
            has_star = true;
            behind_star = glob;
            left_to_star = name;
            continue;
        }
        if (glob.empty() && name.empty()) {
            return true;
        }
        const auto length = glob.empty() || name.empty() ? 0 : step(glob, name[0]);
        if (length != 0) {
            glob.remove_prefix(length);
            name.remove_prefix(1);
            continue;
        }
        if (name.empty() || !has_star) {
            return false;
        }
        left_to_star.remove_prefix(1);
        glob = behind_star;
        name = left_to_star;
    }
}

} // namespace agent::tail
