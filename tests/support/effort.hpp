#pragma once

// How much of a long random test is run: all of it, or a share where each step costs ten times as much.

namespace agent::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool has_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool has_sanitizer = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool has_sanitizer = false;
#endif

// The rounds to play of `rounds`: with a sanitizer a fifth.
constexpr unsigned effort(unsigned rounds) {
    return has_sanitizer ? (rounds + 4) / 5 : rounds;
}

} // namespace agent::test
