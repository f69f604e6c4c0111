// The byte layouts in which the Java t-digest library (com.tdunning:t-digest 3.0 to 3.3) writes its digests, all
// big-endian. Offsets of the fields stand in brackets; n is the number of centroids.
//
//   merging_verbose       32+16n  int 1; double min [4], max [12], compression [20]; int n [28]; n x (double weight,
//                                 double mean)
//   merging_small         30+8n   int 2; double min, max; float compression [20]; short capacity [24], buffer [26],
//                                 n [28]; n x (float weight, float mean)
//   avl_verbose           32+12n  int 1; double min, max, compression [20]; int n [28]; n double means; n int counts
//   avl_small             32+4n+S int 2; double min, max, compression [20]; int n [28]; n float steps from mean to
//                                 mean, from 0; n varint counts of S bytes
//   merging_verbose_3_1   56+16l  int 1; double min, max; float compression [20], again [24]; int capacity [28],
//                                 buffer [32], l [36]; l+1 x (double weight, double mean)
//   merging_small_3_1     38+8l   as merging_small, but short l [28]; l+1 pairs
//   tree_verbose_legacy   16+12n  int 1; double compression [4]; int n [12]; then as avl_verbose. No min, no max
//   tree_small_legacy     16+4n+S int 2; the same; then as avl_small
//   array_verbose_legacy  20+12n  int 3; double compression [4]; int page size [12]; int n [16]; then as avl_verbose
//   array_small_legacy    20+4n+S int 4; the same; then as avl_small
//
// A varint is an unsigned LEB128 of 32 bits: 7 bits a byte, lowest first, at most 5 bytes.
// Empty digests have min +infinity and max -infinity; those of Merging 3.1 have +-the largest double and one (0, 0).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace agent::mabs {

enum class DigestLayout : std::uint8_t {
    merging_verbose,
    merging_small,
    avl_verbose,
    avl_small,
    merging_verbose_3_1,
    merging_small_3_1,
    tree_verbose_legacy,
    tree_small_legacy,
    array_verbose_legacy,
    array_small_legacy,
};

constexpr std::string_view to_string(DigestLayout layout) {
    constexpr std::array<std::string_view, 10> names{
        "merging-verbose",      "merging-small",     "avl-verbose",         "avl-small",
        "merging-verbose-3.1",  "merging-small-3.1", "tree-verbose-legacy", "tree-small-legacy",
        "array-verbose-legacy", "array-small-legacy"};
    return names[static_cast<std::size_t>(layout)];
}

} // namespace agent::mabs
