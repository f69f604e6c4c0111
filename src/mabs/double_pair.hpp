// Two doubles that go through the same arithmetic side by side: one vector register where the processor has them.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace agent::mabs {

#if defined(__SSE2__)

// Vectors as GCC and Clang have them: the operators work on both numbers.
using DoublePair = __m128d;

inline DoublePair make_pair_of(double first, double second) {
    return _mm_set_pd(second, first);
}
inline double first_of(DoublePair pair) {
    return _mm_cvtsd_f64(pair);
}
inline double second_of(DoublePair pair) {
    return _mm_cvtsd_f64(_mm_unpackhi_pd(pair, pair));
}

// The answer to a question about each of the two.
using Choice = __m128d; // all bits or none

inline Choice at_most(DoublePair a, DoublePair b) {
    return _mm_cmple_pd(a, b);
}
inline Choice both(Choice a, Choice b) {
    return _mm_and_pd(a, b);
}
inline DoublePair choose(Choice choice, DoublePair yes, DoublePair no) {
    return _mm_or_pd(_mm_and_pd(choice, yes), _mm_andnot_pd(choice, no));
}
inline DoublePair or_zero(Choice choice, DoublePair yes) {
    return _mm_and_pd(choice, yes);
}
// 1 for a first yes, and 2 for a second one.
inline unsigned bits_of(Choice choice) {
    return static_cast<unsigned>(_mm_movemask_pd(choice));
}

#else

struct DoublePair {
    double first;
    double second;
};

inline DoublePair make_pair_of(double first, double second) {
    return {first, second};
}
inline double first_of(DoublePair pair) {
    return pair.first;
}
inline double second_of(DoublePair pair) {
    return pair.second;
}
inline DoublePair operator+(DoublePair a, DoublePair b) {
    return {a.first + b.first, a.second + b.second};
}
inline DoublePair operator-(DoublePair a, DoublePair b) {
    return {a.first - b.first, a.second - b.second};
}
inline DoublePair operator*(DoublePair a, DoublePair b) {
    return {a.first * b.first, a.second * b.second};
}

struct Choice {
    bool first;
    bool second;
};

inline Choice at_most(DoublePair a, DoublePair b) {
    return {a.first <= b.first, a.second <= b.second};
}
inline Choice both(Choice a, Choice b) {
    return {a.first && b.first, a.second && b.second};
}
inline DoublePair choose(Choice choice, DoublePair yes, DoublePair no) {
    return {choice.first ? yes.first : no.first, choice.second ? yes.second : no.second};
}
inline DoublePair or_zero(Choice choice, DoublePair yes) {
    return choose(choice, yes, {0, 0});
}
inline unsigned bits_of(Choice choice) {
    return (choice.first ? 1U : 0U) | (choice.second ? 2U : 0U);
}

#endif

} // namespace agent::mabs
