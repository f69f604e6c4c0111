// digest_merge SERIES DIGESTS: from the Base64 text to merged, as the agent does it. Takes digests as lines of Base64,
// then answers each line `go` with how many digests of them it merged per CPU second, into series in random order.
#include "mabs/digest_decode.hpp"
#include "mabs/digest_merger.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {

using agent::mabs::TDigest;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class Bench {
  public:
    Bench(std::size_t series, std::size_t digests) : merged_(series), order_(digests) {
        std::mt19937 random(7);
        for (auto& index : order_)
            index = static_cast<std::uint32_t>(random() % series);
    }

    // The first round is the one in which the series come into being.
    double digests_per_second(const std::vector<std::string>& payloads) {
        const double start = cpu_seconds();
        std::size_t next = 0;
        for (const auto index : order_) {
            const auto& text = payloads[next++ % payloads.size()];
            if (!agent::mabs::decode_digest_text(text, scratch_, incoming_)) std::abort();
            TDigest& merged = merged_[index];
            if (!agent::mabs::fits(merged, incoming_)) std::abort();
            merger_.merge(merged, incoming_);
        }
        return static_cast<double>(order_.size()) / (cpu_seconds() - start);
    }

  private:
    std::vector<TDigest> merged_;
    std::vector<std::uint32_t> order_;
    agent::mabs::DigestMerger merger_;
    TDigest incoming_;
    std::vector<std::byte> scratch_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    Bench bench(std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10));
    std::vector<std::string> payloads;
    std::string line;
    while (std::getline(std::cin, line) && line != "go")
        payloads.push_back(line);
    bench.digests_per_second(payloads);
    do
        std::cout << bench.digests_per_second(payloads) << std::endl;
    while (std::getline(std::cin, line) && line == "go");
    return 0;
}
