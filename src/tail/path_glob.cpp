#include "tail/path_glob.hpp"

#include "core/limits.hpp"
#include "tail/name_glob.hpp"

#include <utility>

namespace agent::tail {

namespace {

constexpr std::string_view any_directories = "**";
constexpr std::string_view special = "*?[\\";

// What of a path has not been looked at.
struct Rest {
    std::string_view names; // "b/c.log"
    bool is_over = false;   // not even an empty name
};

std::string_view take_name(Rest& rest) {
    const auto slash = rest.names.find('/');
    const auto name = rest.names.substr(0, slash);
    rest.is_over = slash == std::string_view::npos;
    rest.names.remove_prefix(rest.is_over ? name.size() : slash + 1);
    return name;
}

} // namespace

boost::system::result<PathGlob, std::string> PathGlob::compile(std::string_view text) {
    using Compiled = boost::system::result<PathGlob, std::string>;
    const auto wrong = [](std::string what) { return Compiled(boost::system::in_place_error, std::move(what)); };
    if (!text.starts_with('/')) {
        return wrong(text.empty() ? "empty" : "not an absolute path: it must begin with \"/\"");
    }
    if (text.size() > core::limits::max_path_bytes) {
        return wrong("longer than " + std::to_string(core::limits::max_path_bytes) + " bytes");
    }
    PathGlob glob;
    glob.text_ = text;
    bool is_in_base = true;
    for (Rest rest{text.substr(1)}; !rest.is_over;) {
        const auto component = take_name(rest);
        const auto offset = static_cast<std::size_t>(component.data() - text.data());
        const auto name = check_name_glob(component);
        if (!name.fault.empty()) {
            return wrong("byte " + std::to_string(offset + name.offset + 1) + ": " + std::string(name.fault));
        }
        is_in_base = is_in_base && !rest.is_over && name.literal;
        if (is_in_base) {
            glob.base_.append("/").append(*name.literal);
        }
        glob.components_.emplace_back(component);
    }
    if (glob.base_.empty()) {
        glob.base_ = "/";
    }
    if (glob.components_.back() == any_directories) {
        glob.components_.emplace_back("*");
    }
    return glob;
}

std::string PathGlob::escape(std::string_view path) {
    std::string text;
    for (const char c : path) {
        if (special.find(c) != std::string_view::npos) {
            text.push_back('\\');
        }
        text.push_back(c);
    }
    return text;
}

bool PathGlob::matches(std::string_view path) const {
    if (!path.starts_with('/')) {
        return false;
    }
    Rest rest{path.substr(1)};
    std::size_t at = 0;
    Rest left_to_any{{}, true}; // what the last `**` has not taken yet
    std::size_t behind_any = 0;
    for (;;) {
        if (at < components_.size() && components_[at] == any_directories) {
            left_to_any = rest;
            behind_any = ++at;
            continue;
        }
        if (rest.is_over) {
            return at == components_.size(); // else: were more taken, still less would be left
        }
        if (at < components_.size()) {
            auto behind = rest;
            if (name_matches(components_[at], take_name(behind))) {
                rest = behind;
                ++at;
                continue;
            }
        }
        if (left_to_any.is_over || take_name(left_to_any).empty()) {
            return false;
        }
        rest = left_to_any;
        at = behind_any;
    }
}

bool PathGlob::may_match_below(std::string_view directory) const {
    if (!directory.starts_with('/')) {
        return false;
    }
    Rest rest{directory.substr(1), directory == "/"};
    for (const auto& component : components_) {
        if (component == any_directories || rest.is_over) {
            return true;
        }
        if (!name_matches(component, take_name(rest))) {
            return false;
        }
    }
    return false; // it has the name of a file
}

} // namespace agent::tail
