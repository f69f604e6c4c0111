#include "aggregate/metric_glob.hpp"

#include "mabs/utf8.hpp"

#include <bitset>
#include <optional>

namespace agent::aggregate {

namespace {

constexpr std::string_view never_in_names = " ,={}\"\\";

} // namespace

std::string GlobError::message() const {
    const auto at = [this](std::string_view what) {
        return "byte " + std::to_string(offset + 1) + ": " + std::string(what);
    };
    switch (fault) {
    case GlobFault::empty: return "an empty glob matches no metric";
    case GlobFault::too_long: return "longer than " + std::to_string(core::limits::max_glob_bytes) + " bytes";
    case GlobFault::not_in_names: return at("a character that no metric's name can have");
    case GlobFault::invalid_utf8: return at("not valid UTF-8");
    case GlobFault::unclosed_class: return at("\"[\" without its \"]\"");
    case GlobFault::not_ascii_in_class: return at("only ASCII characters can stand between \"[\" and \"]\"");
    case GlobFault::reversed_range: return at("a range from a later to an earlier character");
    }
    return {};
}

class GlobCompiler {
  public:
    explicit GlobCompiler(std::string_view text) : text_(text) {}

    boost::system::result<MetricGlob, GlobError> compile() {
        if (text_.empty()) {
            return GlobError{GlobFault::empty, 0};
        }
        if (text_.size() > core::limits::max_glob_bytes) {
            return GlobError{GlobFault::too_long, core::limits::max_glob_bytes};
        }
        if (const auto wrong = find_wrong_character()) {
            return *wrong;
        }
        while (at_ < text_.size()) {
            if (const auto fault = take(text_[at_])) {
                return *fault;
            }
        }
        return finish();
    }

  private:
    using Bytes = std::bitset<256>; // those that an element takes

    [[nodiscard]] std::optional<GlobError> find_wrong_character() const {
        const auto reserved = text_.find_first_of(never_in_names);
        const auto bad = mabs::find_bad_character(text_);
        if (bad && bad->offset < reserved) {
            const bool is_control = bad->fault == mabs::CharacterFault::control_character;
            return GlobError{is_control ? GlobFault::not_in_names : GlobFault::invalid_utf8, bad->offset};
        }
        if (reserved != std::string_view::npos) {
            return GlobError{GlobFault::not_in_names, reserved};
        }
        return std::nullopt;
    }

    std::optional<GlobError> take(char c) {
        switch (c) {
        case '*':
            mark(glob_.stars_);
            ++at_;
            return std::nullopt;
        case '?':
            add_character({});
            ++at_;
            return std::nullopt;
        case '[': return take_class();
        default:
            add_byte(c);
            ++at_;
            return std::nullopt;
        }
    }

    std::optional<GlobError> take_class() {
        const auto begin = at_++;
        const bool is_negated = at_ < text_.size() && (text_[at_] == '!' || text_[at_] == '^');
        at_ += is_negated ? 1 : 0;
        Bytes bytes;
        for (const auto first = at_; at_ == text_.size() || text_[at_] != ']' || at_ == first;) {
            if (at_ == text_.size()) {
                return GlobError{GlobFault::unclosed_class, begin};
            }
            if (const auto fault = take_range(bytes)) {
                return fault;
            }
        }
        ++at_;
        if (is_negated) {
            add_character(bytes);
        } else {
            elements_.push_back(bytes);
        }
        return std::nullopt;
    }

    // One character of a class, or `a-z`.
    std::optional<GlobError> take_range(Bytes& bytes) {
        const auto begin = at_;
        const bool is_range = at_ + 2 < text_.size() && text_[at_ + 1] == '-' && text_[at_ + 2] != ']';
        const auto from = static_cast<unsigned char>(text_[at_]);
        const auto to = static_cast<unsigned char>(text_[is_range ? at_ + 2 : at_]);
        if (from >= 0x80 || to >= 0x80) {
            return GlobError{GlobFault::not_ascii_in_class, from >= 0x80 ? begin : begin + 2};
        }
        if (from > to) {
            return GlobError{GlobFault::reversed_range, begin};
        }
        for (unsigned byte = from; byte <= to; ++byte) {
            bytes.set(byte);
        }
        at_ += is_range ? 3 : 1;
        return std::nullopt;
    }

    void add_byte(char c) {
        const bool is_first = elements_.size() == glob_.prefix_.size() && !(glob_.stars_[0] & 1);
        const bool follows_star = (glob_.stars_[elements_.size() / 64] >> (elements_.size() % 64) & 1) != 0;
        if (is_first && !follows_star) {
            glob_.prefix_.push_back(c);
        }
        elements_.push_back(Bytes().set(static_cast<unsigned char>(c)));
    }

    // A whole character but those of `excluded`: its first byte is the element's, the others are let through behind it.
    void add_character(Bytes excluded) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            excluded[byte] = !excluded[byte] && !mabs::is_continuation(static_cast<char>(byte));
        }
        elements_.push_back(excluded);
        mark(glob_.in_character_);
    }

    // The place behind the elements that there are.
    void mark(MetricGlob::Places& places) const {
        places[elements_.size() / 64] |= std::uint64_t{1} << (elements_.size() % 64);
    }

    MetricGlob finish() {
        glob_.text_ = text_;
        glob_.elements_ = elements_.size();
        glob_.is_prefix_ = text_.size() == glob_.prefix_.size() + 1 && text_.back() == '*';
        glob_.words_ = elements_.size() / 64 + 1;
        glob_.steps_.resize(256 * glob_.words_);
        for (std::size_t i = 0; i < elements_.size(); ++i) {
            for (std::size_t byte = 0; byte < 256; ++byte) {
                if (elements_[i][byte]) {
                    glob_.steps_[byte * glob_.words_ + i / 64] |= std::uint64_t{1} << (i % 64);
                }
            }
        }
        return std::move(glob_);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    MetricGlob glob_;
    std::vector<Bytes> elements_;
};

boost::system::result<MetricGlob, GlobError> MetricGlob::compile(std::string_view text) {
    return GlobCompiler(text).compile();
}

bool MetricGlob::matches(std::string_view metric) const {
    if (!metric.starts_with(prefix_) || metric.size() > core::limits::max_name_bytes) { // what most metrics end at
        return false;
    }
    if (is_prefix_) {
        return true;
    }
    Places places{};
    places[0] = 1;
    for (const char c : metric) {
        const auto* const steps = &steps_[static_cast<unsigned char>(c) * words_];
        const auto inside = mabs::is_continuation(c) ? ~std::uint64_t{0} : 0;
        std::uint64_t carry = 0;
        std::uint64_t any = 0;
        for (std::size_t i = 0; i < words_; ++i) {
            const auto stepping = places[i] & steps[i];
            places[i] = stepping << 1 | carry | (places[i] & (stars_[i] | (in_character_[i] & inside)));
            carry = stepping >> 63;
            any |= places[i];
        }
        if (any == 0) {
            return false;
        }
    }
    return (places[elements_ / 64] >> (elements_ % 64) & 1) != 0;
}

} // namespace agent::aggregate
