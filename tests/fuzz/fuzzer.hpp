// What every fuzzer has: the entry that libFuzzer and replay_main.cpp call, and how a property that does not hold is
// reported. Sanitizers only see what breaks memory; a fuzzer is as good as the properties it requires.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <span>
#include <string_view>

// Takes any bytes, keeps nothing from one call to the next, and gives 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace agent::fuzz {

// Ends the process with the place and `what` unless `holds`: libFuzzer and the test's log show both.
inline void require(bool holds, const char* what, const std::source_location& place = std::source_location::current()) {
    if (holds) [[likely]] {
        return;
    }
    std::fprintf(stderr, "%s:%u: does not hold: %s\n", place.file_name(), place.line(), what);
    std::abort();
}

// A copy on the heap with nothing behind it: the address sanitizer then sees a read of one byte too many.
class ExactCopy {
  public:
    explicit ExactCopy(std::string_view text, std::string_view more = {})
        : bytes_(std::make_unique_for_overwrite<char[]>(text.size() + more.size())), size_(text.size() + more.size()) {
        text.copy(bytes_.get(), text.size());
        more.copy(bytes_.get() + text.size(), more.size());
    }

    std::string_view text() const { return {bytes_.get(), size_}; }
    std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_.get(), size_)); }

  private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

// Numbers that follow from the input alone, so that every run of it is the same.
class Dice {
  public:
    explicit Dice(std::string_view seed) {
        for (const char c : seed) { // FNV-1a
            state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
    }

    // 0 to `end` - 1.
    std::size_t below(std::size_t end) {
        state_ = state_ * 6364136223846793005 + 1442695040888963407;
        return static_cast<std::size_t>(state_ >> 33) % end;
    }

  private:
    std::uint64_t state_ = 0xcbf29ce484222325;
};

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

} // namespace agent::fuzz
