// AVX2: the k-th largest of sixteen floats, and of thirty-two, by sorting them.
#pragma once

#include <immintrin.h>

#include "scores/row_search/eight_lanes_avx2-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

inline SortedSixteen<EightFloats> SortedFloats(__m256 a, __m256 b) {
  return SortedSixteen<EightFloats>::Merge(SortedEight(EightFloats{a}),
                                           SortedEight(EightFloats{b}));
}

inline float KthFromEnd(const SortedSixteen<EightFloats>& sorted, size_t k) {
  alignas(32) float numbers[kGroups];
  _mm256_store_ps(numbers, sorted.low.v);
  _mm256_store_ps(numbers + 8, sorted.high.v);
  return numbers[kGroups - k];
}

// The k-th largest of 2 * kGroups numbers without NaN, k <= kGroups.
inline float KthLargestOfTwo(const float* numbers, size_t k) {
  const auto sixteen = [&](size_t from) {
    return SortedFloats(_mm256_loadu_ps(numbers + from), _mm256_loadu_ps(numbers + from + 8));
  };
  return KthFromEnd(SortedSixteen<EightFloats>::LastOf(sixteen(0), sixteen(kGroups)), k);
}

}  // namespace
}  // namespace regcore
