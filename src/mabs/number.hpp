// The numbers of the line protocol. Each parser takes a whole field and no more. Pure; any thread.
//   timestamp:  10 digits, Unix seconds, or 13 digits, Unix milliseconds
//   integer:    [+-] digits, within int64
//   decimal:    [+-] (digits [. [digits]] | . digits) [(e|E) [+-] digits], rounded to the nearest double; what is too
//               small becomes 0, what is too large is an error. No hex, no infinity, no NaN.
#pragma once

#include <cstdint>
#include <string_view>

namespace agent::mabs {

enum class NumberFault : unsigned char { none, malformed, out_of_range };

// Whether the field has a timestamp's length and is all digits.
bool looks_like_timestamp(std::string_view field);

// Milliseconds; false where the field is no timestamp.
bool parse_timestamp(std::string_view field, std::int64_t& out_ms);

NumberFault parse_integer(std::string_view field, std::int64_t& out);
NumberFault parse_decimal(std::string_view field, double& out);

} // namespace agent::mabs
