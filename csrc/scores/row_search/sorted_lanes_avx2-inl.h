// AVX2: the k-th largest of sixteen floats, and of thirty-two, by sorting them.
#pragma once

#include <immintrin.h>

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// Every lane and the one `kStep` from it, of which the upper one keeps the larger number in runs of
// `kRun` lanes that are to ascend, which every second run is not.
template <int kStep, int kRun>
inline __m256 ExchangeLanes(__m256 v) {
  constexpr int kKeepsLarger = [] {
    int mask = 0;
    for (int i = 0; i < 8; ++i) mask |= int{((i & kStep) != 0) != ((i & kRun) != 0)} << i;
    return mask;
  }();
  __m256 others;
  if constexpr (kStep < 4) {
    others = _mm256_permute_ps(v, kStep == 1 ? 0b10110001 : 0b01001110);
  } else {
    others = _mm256_permute2f128_ps(v, v, 1);
  }
  return _mm256_blend_ps(_mm256_min_ps(v, others), _mm256_max_ps(v, others), kKeepsLarger);
}

// Eight lanes that rise and then fall, or the other way round, in ascending order.
inline __m256 SortBitonicLanes(__m256 v) {
  return ExchangeLanes<1, 8>(ExchangeLanes<2, 8>(ExchangeLanes<4, 8>(v)));
}

// Batcher's bitonic sort.
inline __m256 SortedEightLanes(__m256 v) {
  v = ExchangeLanes<1, 2>(v);
  return SortBitonicLanes(ExchangeLanes<1, 4>(ExchangeLanes<2, 4>(v)));
}

inline __m256 ReversedLanes(__m256 v) {
  return _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

// Sixteen ascending numbers in two registers.
struct SortedSixteenLanes {
  __m256 low, high;

  static SortedSixteenLanes Of(__m256 a, __m256 b) {
    const __m256 rising = SortedEightLanes(a), falling = ReversedLanes(SortedEightLanes(b));
    return {SortBitonicLanes(_mm256_min_ps(rising, falling)),
            SortBitonicLanes(_mm256_max_ps(rising, falling))};
  }

  // The larger half of both.
  static SortedSixteenLanes LargerOf(const SortedSixteenLanes& a, const SortedSixteenLanes& b) {
    const __m256 x = _mm256_max_ps(a.low, ReversedLanes(b.high));
    const __m256 y = _mm256_max_ps(a.high, ReversedLanes(b.low));
    return {SortBitonicLanes(_mm256_min_ps(x, y)), SortBitonicLanes(_mm256_max_ps(x, y))};
  }

  float KthFromEnd(size_t k) const {
    alignas(32) float numbers[kGroups];
    _mm256_store_ps(numbers, low);
    _mm256_store_ps(numbers + 8, high);
    return numbers[kGroups - k];
  }
};

// The k-th largest of 2 * kGroups numbers without NaN, k <= kGroups.
inline float KthLargestOfTwo(const float* numbers, size_t k) {
  const auto sixteen = [&](size_t from) {
    return SortedSixteenLanes::Of(_mm256_loadu_ps(numbers + from),
                                  _mm256_loadu_ps(numbers + from + 8));
  };
  return SortedSixteenLanes::LargerOf(sixteen(0), sixteen(kGroups)).KthFromEnd(k);
}

}  // namespace
}  // namespace regcore
