#include "app/config_tree.hpp"

#include "mabs/shown_character.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace agent::app {

namespace {

using nlohmann::json;

constexpr std::size_t max_told_bytes = 200; // of the library's message, which may quote what it read

// Lets the parser read, and shows how far it is: its events do not say.
class ReadIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    ReadIterator(const char* at, std::size_t* read_bytes) : at_(at), read_bytes_(read_bytes) {}

    reference operator*() const { return *at_; }
    ReadIterator& operator++() {
        ++at_;
        ++*read_bytes_;
        return *this;
    }
    ReadIterator operator++(int) {
        auto before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const ReadIterator& a, const ReadIterator& b) { return a.at_ == b.at_; }

  private:
    const char* at_;
    std::size_t* read_bytes_; // how many, of all copies together
};

std::string shown(std::string_view text) {
    std::string out;
    while (!text.empty() && out.size() < max_told_bytes) {
        const auto first = mabs::first_shown(text);
        if (first.is_escaped) {
            mabs::append_escaped(out, text.substr(0, first.length));
        } else {
            out.append(text.substr(0, first.length));
        }
        text.remove_prefix(first.length);
    }
    return text.empty() ? out : out + "...";
}

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing ..." -> from there
std::string told(std::string_view what) {
    if (const auto begin = what.find("syntax error"); begin != std::string_view::npos) {
        what.remove_prefix(begin);
    } else if (const auto end = what.find("] "); end != std::string_view::npos) {
        what.remove_prefix(end + 2);
    }
    return shown(what);
}

using Kind = ConfigNode::Kind;

// nlohmann's SAX events -> the tree.
class TreeBuilder : public nlohmann::json_sax<json> {
  public:
    explicit TreeBuilder(std::string_view text) : text_(text) {}

    ReadIterator begin() { return {text_.data(), &read_bytes_}; }
    ReadIterator end() { return {text_.data() + text_.size(), &read_bytes_}; }
    boost::system::result<ConfigNode, ConfigSyntaxError> take(bool is_good) {
        if (!is_good) {
            return error_;
        }
        return std::move(root_);
    }

    bool null() override {
        add(Kind::null);
        return true;
    }
    bool boolean(bool value) override {
        add(Kind::boolean).boolean = value;
        return true;
    }
    bool number_integer(number_integer_t value) override { return add_number(std::to_string(value), {}); }
    bool number_unsigned(number_unsigned_t value) override { return add_number(std::to_string(value), value); }
    bool number_float(number_float_t, const string_t& text) override { return add_number(text, {}); }
    bool string(string_t& value) override {
        add(Kind::text).text = std::move(value);
        return true;
    }
    bool binary(binary_t&) override { return false; } // JSON has none
    bool start_object(std::size_t) override { return open(Kind::section); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Kind::list); }
    bool end_array() override { return close(); }
    bool key(string_t& value) override {
        key_ = std::move(value);
        key_line_ = line();
        return true;
    }

    bool parse_error(std::size_t position, const std::string& token,
                     const nlohmann::detail::exception& error) override {
        auto offset = std::min(position == 0 ? 0 : position - 1, text_.size()); // of the last byte that was read
        const std::string_view what = error.what();
        const bool is_mark = !token.empty() && std::string_view("{}[],:").find(token.back()) != std::string_view::npos;
        const auto length = is_mark ? 1 : token.size(); // what stands before a mark is in `token`, too
        if (what.find("unexpected") != std::string_view::npos && length > 0 && length <= offset + 1 &&
            text_.substr(offset + 1 - length, length) == std::string_view(token).substr(token.size() - length)) {
            offset = offset + 1 - length; // of the first one of what was not expected
        }
        return fail(offset, told(what));
    }

  private:
    // The parser has read up to the end of what it tells of; of a number one byte more, which may be a line's end.
    std::size_t line(std::size_t ahead_bytes = 0) {
        const auto end = std::max(read_bytes_, ahead_bytes) - ahead_bytes;
        for (; counted_bytes_ < end; ++counted_bytes_) {
            lines_ += text_[counted_bytes_] == '\n' ? 1 : 0;
        }
        return lines_ + 1;
    }

    ConfigNode& add(Kind kind, std::size_t ahead_bytes = 0) {
        auto& node = open_.empty() ? root_ : open_.back()->children.emplace_back();
        node.kind = kind;
        node.line = line(ahead_bytes);
        node.key = std::exchange(key_, {});
        node.key_line = key_line_;
        return node;
    }

    bool add_number(std::string text, std::optional<std::uint64_t> number) {
        auto& node = add(Kind::number, 1);
        node.text = std::move(text);
        node.number = number;
        return true;
    }

    bool open(Kind kind) {
        if (open_.size() == max_config_depth) {
            return fail(read_bytes_ - 1, "nested deeper than " + std::to_string(max_config_depth));
        }
        open_.push_back(&add(kind));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    bool fail(std::size_t offset, std::string what) {
        const auto before = text_.substr(0, offset);
        error_.line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
        error_.column = offset - (before.rfind('\n') + 1) + 1; // npos + 1 is 0
        error_.text = std::move(what);
        return false;
    }

    std::string_view text_;
    std::size_t read_bytes_ = 0;
    std::size_t counted_bytes_ = 0;
    std::size_t lines_ = 0; // that end within counted_bytes_
    std::string key_;
    std::size_t key_line_ = 0;
    ConfigNode root_;
    std::vector<ConfigNode*> open_; // a parent is the last child of its own parent: nothing moves it meanwhile
    ConfigSyntaxError error_;
};

} // namespace

boost::system::result<ConfigNode, ConfigSyntaxError> parse_config_tree(std::string_view text) {
    TreeBuilder builder(text);
    const bool is_good = json::sax_parse(builder.begin(), builder.end(), &builder, json::input_format_t::json, true,
                                         true); // nothing behind it; comments are skipped
    return builder.take(is_good);
}

} // namespace agent::app
