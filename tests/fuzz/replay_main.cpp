// Replays a fuzzer's corpus without libFuzzer, with any compiler: what fuzzing has found stays tested on every run.
//   replay_NAME FOLDER    every file of the folder; a folder that is missing or empty is a failure
//   replay_NAME FILE      one input
// A property that does not hold aborts; the name of the input stands in the line before.
#include "fuzz/fuzzer.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> inputs_in(const fs::path& place) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) {
        return {place};
    }
    std::vector<fs::path> inputs;
    for (fs::directory_iterator it(place, error), end; !error && it != end; it.increment(error)) {
        if (it->is_regular_file()) {
            inputs.push_back(it->path());
        }
    }
    std::ranges::sort(inputs);
    return inputs;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: replay_NAME FOLDER|FILE\n", stderr);
        return 2;
    }
    const auto inputs = inputs_in(argv[1]);
    if (inputs.empty()) {
        std::fprintf(stderr, "replay: no inputs in %s\n", argv[1]);
        return 1;
    }
    for (const auto& input : inputs) {
        std::printf("%s\n", input.filename().c_str());
        std::fflush(stdout); // to be there when the input kills us
        std::ifstream file(input, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        if (!file) {
            std::fputs("replay: could not be read\n", stderr);
            return 1;
        }
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    std::printf("%zu inputs\n", inputs.size());
    return 0;
}
