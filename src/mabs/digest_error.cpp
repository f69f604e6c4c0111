#include "mabs/digest_error.hpp"

#include <array>
#include <charconv>
#include <string_view>

namespace agent::mabs {

namespace {

void append(std::string& out, std::uint64_t value) {
    std::array<char, 24> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append(std::string& out, double value) {
    std::array<char, 32> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

// In each text `#` stands for the index and `$` for the number.
std::string_view text_for(DigestFault fault) {
    switch (fault) {
    case DigestFault::none: return "nothing is wrong";
    case DigestFault::base64_character: return "character # is not of the standard Base64 alphabet";
    case DigestFault::base64_padding: return "Base64 padding is out of place at character #";
    case DigestFault::base64_lone_character: return "Base64 ends with a lone character, #, that holds no byte";
    case DigestFault::too_short: return "$ bytes are too few for a digest";
    case DigestFault::unknown_code: return "no digest starts with code $";
    case DigestFault::negative_count: return "the number of centroids is $";
    case DigestFault::count_beyond_bytes: return "$ centroids do not fit in the bytes that there are";
    case DigestFault::trailing_bytes: return "there are bytes that are not zero behind the digest, from byte #";
    case DigestFault::bad_compression: return "compression $ is not above 0 and at most 1000000";
    case DigestFault::bad_min: return "min is $";
    case DigestFault::bad_max: return "max is $";
    case DigestFault::min_above_max: return "min is above max, which is $";
    case DigestFault::empty_with_ends: return "there are no centroids, but max is $";
    case DigestFault::varint_too_long: return "weight of centroid # takes more than 5 bytes or 31 bits";
    case DigestFault::varint_cut_off: return "the bytes end within the weight of centroid #";
    case DigestFault::weight_not_finite: return "weight of centroid # is $";
    case DigestFault::weight_not_positive: return "weight of centroid # is $";
    case DigestFault::weight_not_whole: return "weight of centroid # is $, not a whole number";
    case DigestFault::total_weight_too_large: return "the weights pass 2^53 at centroid #";
    case DigestFault::mean_not_finite: return "mean of centroid # is $";
    case DigestFault::mean_below_min: return "mean of centroid # is $, below min";
    case DigestFault::mean_above_max: return "mean of centroid # is $, above max";
    case DigestFault::mean_out_of_order: return "mean of centroid # is $, below one before it";
    }
    return "";
}

// Below this nothing is known of the layout.
bool is_about_layout(DigestFault fault) {
    return fault >= DigestFault::negative_count;
}

} // namespace

core::RejectReason DigestError::reason() const {
    switch (fault) {
    case DigestFault::base64_character:
    case DigestFault::base64_padding:
    case DigestFault::base64_lone_character: return core::RejectReason::bad_base64;
    default: return core::RejectReason::bad_digest;
    }
}

void DigestError::append_message(std::string& out) const {
    for (const char c : text_for(fault)) {
        if (c == '#')
            append(out, index);
        else if (c == '$')
            append(out, number);
        else
            out.push_back(c);
    }
    if (!is_about_layout(fault)) return;
    out.append(" (read as ");
    out.append(to_string(layout));
    out.push_back(')');
}

std::string DigestError::message() const {
    std::string text;
    append_message(text);
    return text;
}

} // namespace agent::mabs
