// The agent's side of `./dev bench accuracy`: tests/bench/java/Accuracy.java tells what comes in and goes out.
// Each trial is merged in three ways: all digests in one pass, as `metrics-agent digest merge` does; one after the
// other, as the agent gets them; and all samples one by one.
#include "mabs/big_endian.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/digest_quantile.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using agent::mabs::DigestMerger;
using agent::mabs::TDigest;

constexpr std::array quantiles{0.5, 0.9, 0.99, 0.999};
// More than all centroids there are.
constexpr std::size_t one_pass = 1'000'000;

// False at the end of the input.
bool read_exactly(std::span<std::byte> bytes) {
    return std::fread(bytes.data(), 1, bytes.size(), stdin) == bytes.size();
}

bool read_count(std::size_t& count) {
    std::array<std::byte, 4> bytes{};
    if (!read_exactly(bytes)) return false;
    count = 0;
    for (const std::byte b : bytes)
        count = count << 8 | std::to_integer<std::size_t>(b);
    return true;
}

// False at the end of the input.
bool read_digests(std::vector<TDigest>& digests) {
    std::vector<std::byte> bytes;
    for (TDigest& digest : digests) {
        std::size_t size = 0;
        if (!read_count(size)) return false;
        bytes.resize(size);
        if (!read_exactly(bytes) || !agent::mabs::decode_digest(bytes, digest)) std::abort();
    }
    return true;
}

void print_quantiles(DigestMerger& merger, TDigest& merged) {
    merger.settle(merged);
    for (const double q : quantiles)
        std::printf("%.17g ", agent::mabs::quantile(merged, q));
}

void print_merged(const std::vector<TDigest>& digests, const DigestMerger::Options& options) {
    DigestMerger merger(options);
    TDigest merged;
    for (const TDigest& digest : digests)
        merger.merge(merged, digest);
    print_quantiles(merger, merged);
}

void print_sampled(std::span<const std::byte> samples) {
    DigestMerger merger;
    TDigest merged;
    for (std::size_t at = 0; at < samples.size(); at += sizeof(double))
        merger.add(merged, agent::mabs::big_endian::load_double(samples.data() + at));
    print_quantiles(merger, merged);
}

} // namespace

int main() {
    std::size_t count = 0;
    std::size_t samples_each = 0;
    if (!read_count(count) || !read_count(samples_each)) return 1;
    std::vector<TDigest> digests(count);
    std::vector<std::byte> samples(count * samples_each * sizeof(double));
    while (read_digests(digests) && read_exactly(samples)) {
        print_merged(digests, {.min_pending = one_pass});
        print_merged(digests, {});
        print_sampled(samples);
        std::printf("\n");
        std::fflush(stdout);
    }
    return 0;
}
