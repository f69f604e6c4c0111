#include "mabs/digest_decode.hpp"

#include "mabs/base64.hpp"
#include "mabs/big_endian.hpp"
#include "mabs/digest_readers.hpp"
#include "mabs/digest_validate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace agent::mabs {

namespace {

struct Candidate {
    DigestLayout layout;
    DigestReader read;
};

constexpr Candidate merging_verbose{DigestLayout::merging_verbose, read_merging_verbose};
constexpr Candidate merging_small{DigestLayout::merging_small, read_merging_small};
constexpr Candidate avl_verbose{DigestLayout::avl_verbose, read_avl_verbose};
constexpr Candidate avl_small{DigestLayout::avl_small, read_avl_small};
constexpr Candidate merging_verbose_3_1{DigestLayout::merging_verbose_3_1, read_merging_verbose_3_1};
constexpr Candidate merging_small_3_1{DigestLayout::merging_small_3_1, read_merging_small_3_1};
constexpr Candidate tree_verbose{DigestLayout::tree_verbose_legacy, read_tree_verbose};
constexpr Candidate tree_small{DigestLayout::tree_small_legacy, read_tree_small};
constexpr Candidate array_verbose{DigestLayout::array_verbose_legacy, read_array_verbose};
constexpr Candidate array_small{DigestLayout::array_small_legacy, read_array_small};

constexpr std::array verbose_candidates{merging_verbose, avl_verbose, merging_verbose_3_1, tree_verbose};
constexpr std::array small_candidates{merging_small, merging_small_3_1, tree_small, avl_small};
// Where Merging has its short count, AVL has the upper half of its int.
constexpr std::array small_candidates_with_zero{avl_small, merging_small, merging_small_3_1, tree_small};
constexpr std::array array_verbose_candidates{array_verbose};
constexpr std::array array_small_candidates{array_small};
constexpr std::size_t small_count_at = 28;

constexpr std::size_t code_bytes = 4;

// Of a double that is normal, as an int.
constexpr double least_upper_half = 0x00100000;

std::span<const Candidate> candidates_for(std::int32_t code, DigestBytes bytes) {
    switch (code) {
    case 1: return verbose_candidates;
    case 2:
        if (bytes.size() >= small_count_at + 2 && big_endian::load_int16(bytes.data() + small_count_at) == 0)
            return small_candidates_with_zero;
        return small_candidates;
    case 3: return array_verbose_candidates;
    case 4: return array_small_candidates;
    default: return {};
    }
}

// Which bytes a candidate accounts for.
enum class Fit : std::uint8_t { none, padded, exact };

struct Attempt {
    DigestError error;
    Fit fit = Fit::none; // may be something although the content is wrong: then this is likely what was meant
};

// A digest without centroids fits the beginning of many bytes: one with centroids is what was meant.
enum class Worth : std::uint8_t { empty_padded, empty_exact, padded };

Worth worth_of(Fit fit, const TDigest& digest) {
    if (!digest.empty()) return Worth::padded; // an exact one needs no comparison
    return fit == Fit::exact ? Worth::empty_exact : Worth::empty_padded;
}

Attempt attempt(const Candidate& candidate, DigestBytes bytes, TDigest& into) {
    DigestClaim claim;
    if (const DigestError error = candidate.read(bytes, into, claim); !error.ok()) return {error, Fit::none};
    const DigestBytes rest = bytes.subspan(claim.used_bytes);
    if (!rest.empty()) {
        const auto stray = std::ranges::find_if(rest, [](std::byte byte) { return byte != std::byte{0}; });
        if (stray != rest.end()) {
            const auto at = static_cast<std::uint64_t>(stray - bytes.begin());
            return {{DigestFault::trailing_bytes, candidate.layout, at, 0}, Fit::none};
        }
    }
    return {validate_digest(candidate.layout, claim, into), rest.empty() ? Fit::exact : Fit::padded};
}

DigestError error_of_text(const Base64Error& error) {
    const std::uint64_t position = error.position;
    switch (error.fault) {
    case Base64Fault::bad_padding: return {.fault = DigestFault::base64_padding, .index = position};
    case Base64Fault::lone_character: return {.fault = DigestFault::base64_lone_character, .index = position};
    case Base64Fault::bad_character: break;
    }
    return {.fault = DigestFault::base64_character, .index = position};
}

} // namespace

boost::system::result<DigestLayout, DigestError> decode_digest(std::span<const std::byte> bytes, TDigest& into) {
    if (bytes.size() < code_bytes)
        return DigestError{.fault = DigestFault::too_short, .number = static_cast<double>(bytes.size())};
    const std::int32_t code = big_endian::load_int32(bytes.data());
    const std::span<const Candidate> candidates = candidates_for(code, bytes);
    if (candidates.empty()) return DigestError{.fault = DigestFault::unknown_code, .number = static_cast<double>(code)};

    const Candidate* best = nullptr;
    Worth best_worth{};
    std::optional<Attempt> telling;
    for (const Candidate& candidate : candidates) {
        const Attempt result = attempt(candidate, bytes, into);
        if (!result.error.ok()) {
            if (!telling || telling->fit < result.fit) telling = result;
            continue;
        }
        if (result.fit == Fit::exact && !into.empty()) return candidate.layout;
        // A lone centroid of Merging verbose, wrong inside, looks like one of AVL with a huge weight: half a double.
        const bool is_overruled =
            telling && telling->fit == Fit::exact && into.centroids().size() == 1 && into.weight() >= least_upper_half;
        if (is_overruled) continue;
        const Worth worth = worth_of(result.fit, into);
        if (best != nullptr && worth <= best_worth) continue;
        best = &candidate;
        best_worth = worth;
    }
    if (best == nullptr) return telling->error;
    (void)attempt(*best, bytes, into); // the others have overwritten it
    return best->layout;
}

boost::system::result<DigestLayout, DigestError> decode_digest_text(std::string_view text,
                                                                    std::vector<std::byte>& scratch, TDigest& into) {
    const std::size_t room = base64_decoded_room(text.size());
    if (scratch.size() < room) scratch.resize(room);
    const auto size = base64_decode(text, scratch);
    if (size.has_error()) return error_of_text(size.error());
    return decode_digest({scratch.data(), *size}, into);
}

} // namespace agent::mabs
