// What is wrong with a digest that was sent: a few plain fields that cost nothing to make, and text for people.
#pragma once

#include "core/reject_reason.hpp"
#include "mabs/digest_layout.hpp"

#include <cstdint>
#include <string>

namespace agent::mabs {

enum class DigestFault : std::uint8_t {
    none,

    // The text. `index` is the position of the character.
    base64_character,
    base64_padding,
    base64_lone_character,

    // The frame. `number` is the number of bytes, the code, or the count that was found.
    too_short,
    unknown_code,
    negative_count,
    count_beyond_bytes,
    trailing_bytes, // `index` is where the first one lies

    // The header. `number` is the value that was found.
    bad_compression,
    bad_min,
    bad_max,
    min_above_max,
    empty_with_ends,

    // A centroid. `index` is which one, from 0; `number` is the value that was found.
    varint_too_long,
    varint_cut_off,
    weight_not_finite,
    weight_not_positive,
    weight_not_whole,
    total_weight_too_large,
    mean_not_finite,
    mean_below_min,
    mean_above_max,
    mean_out_of_order,
};

struct DigestError {
    DigestFault fault = DigestFault::none;
    DigestLayout layout = DigestLayout::merging_verbose; // as which it was read
    std::uint64_t index = 0;
    double number = 0;

    [[nodiscard]] bool ok() const { return fault == DigestFault::none; }

    // bad_base64 or bad_digest.
    [[nodiscard]] core::RejectReason reason() const;

    // E.g. `weight of centroid 12 is nan (read as merging-verbose)`.
    void append_message(std::string& out) const;
    [[nodiscard]] std::string message() const;
};

} // namespace agent::mabs
