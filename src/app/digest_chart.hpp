// A bar chart of a digest's distribution, for a terminal: one row for each of a dozen ranges of values, with their
// share of the samples.
//
//          0 .. 20   ████████████████████████████████████████  71.0 %
//         20 .. 40   ███████████▎                              20.1 %
//         40 .. 97.3 █████                                      8.9 %
//
// The ranges are equally wide, but for the first and the last: they reach to min and to max. Where a few samples lie
// far out (beyond the 1 % and the 99 % quantile by more than what lies between these), the others get the rows. Where
// the samples are above 0 and spread over more than two powers of ten, the ranges end at 1, 2 and 5 times powers of
// ten, or at powers of ten.
#pragma once

#include "mabs/tdigest.hpp"

#include <cstddef>
#include <string>

namespace agent::app {

// UTF-8, each row at most `columns` wide and with its line feed. Nothing for an empty digest, or where a bar would have
// fewer than min_chart_bar_columns. Wants a settled digest.
inline constexpr std::size_t min_chart_bar_columns = 4;
inline constexpr std::size_t max_chart_bar_columns = 100;
[[nodiscard]] std::string digest_chart(const mabs::TDigest& digest, std::size_t columns);

} // namespace agent::app
