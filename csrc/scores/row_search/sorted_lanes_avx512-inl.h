// AVX-512: the k-th largest of one register of floats, and of two, by sorting them.
#pragma once

#include <immintrin.h>

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// Every lane and the one `kStep` from it, of which one keeps the larger number: the upper one in
// runs of `kRun` lanes that are to ascend, which every second run is not; or the other way round.
template <int kStep, int kRun, bool kDescending>
inline __m512 ExchangeLanes(__m512 v) {
  constexpr __mmask16 kKeepsLarger = [] {
    unsigned mask = 0;
    for (int lane = 0; lane < 16; ++lane) {
      const bool is_upper = (lane & kStep) != 0, is_second = (lane & kRun) != 0;
      mask |= unsigned{(is_upper != is_second) != kDescending} << lane;
    }
    return static_cast<__mmask16>(mask);
  }();
  __m512 others;
  if constexpr (kStep < 4) {
    others = _mm512_permute_ps(v, kStep == 1 ? 0b10110001 : 0b01001110);
  } else {
    others = _mm512_shuffle_f32x4(v, v, kStep == 4 ? 0b10110001 : 0b01001110);
  }
  return _mm512_mask_max_ps(_mm512_min_ps(v, others), kKeepsLarger, v, others);
}

// Runs of `kRun` lanes that rise and then fall, or the other way round, each in order.
template <int kRun, bool kDescending>
inline __m512 MergedRuns(__m512 v) {
  if constexpr (kRun >= 16) v = ExchangeLanes<8, kRun, kDescending>(v);
  if constexpr (kRun >= 8) v = ExchangeLanes<4, kRun, kDescending>(v);
  if constexpr (kRun >= 4) v = ExchangeLanes<2, kRun, kDescending>(v);
  return ExchangeLanes<1, kRun, kDescending>(v);
}

// Batcher's bitonic sort.
template <bool kDescending>
inline __m512 SortedLanes(__m512 v) {
  v = MergedRuns<4, kDescending>(MergedRuns<2, kDescending>(v));
  return MergedRuns<16, kDescending>(MergedRuns<8, kDescending>(v));
}

// The k-th largest of numbers that ascend.
inline float KthFromEnd(__m512 sorted, size_t k) {
  const __m512i lane = _mm512_set1_epi32(static_cast<int>(kGroups - k));
  return _mm512_cvtss_f32(_mm512_permutexvar_ps(lane, sorted));
}

// The k-th largest of kGroups numbers without NaN.
inline float KthLargestOfOne(__m512 v, size_t k) { return KthFromEnd(SortedLanes<false>(v), k); }

// The k-th largest of 2 * kGroups numbers without NaN, k <= kGroups.
inline float KthLargestOfTwo(const float* numbers, size_t k) {
  const __m512 a = _mm512_loadu_ps(numbers), b = _mm512_loadu_ps(numbers + kGroups);
  // Of one that rises and one that falls, the larger lanes are the larger half of both.
  const __m512 larger = _mm512_max_ps(SortedLanes<false>(a), SortedLanes<true>(b));
  return KthFromEnd(MergedRuns<16, false>(larger), k);
}

}  // namespace
}  // namespace regcore
