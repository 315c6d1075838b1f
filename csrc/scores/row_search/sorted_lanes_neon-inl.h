// NEON: the k-th largest of sixteen floats, and of thirty-two, by sorting them.
#pragma once

#include <arm_neon.h>

#include "scores/row_search/eight_lanes_neon-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

inline SortedSixteen<EightFloats> SortedFloats(const float* numbers) {
  const auto eight = [&](size_t from) {
    return EightFloats{vld1q_f32(numbers + from), vld1q_f32(numbers + from + 4)}.Sorted();
  };
  return SortedSixteen<EightFloats>::Merge(eight(0), eight(8));
}

inline float KthFromEnd(const SortedSixteen<EightFloats>& sorted, size_t k) {
  float numbers[kGroups];
  vst1q_f32(numbers, sorted.low.low);
  vst1q_f32(numbers + 4, sorted.low.high);
  vst1q_f32(numbers + 8, sorted.high.low);
  vst1q_f32(numbers + 12, sorted.high.high);
  return numbers[kGroups - k];
}

// The k-th largest of kGroups numbers without NaN.
inline float KthLargest(const float* numbers, size_t k) {
  return KthFromEnd(SortedFloats(numbers), k);
}

// The k-th largest of 2 * kGroups numbers without NaN, k <= kGroups.
inline float KthLargestOfTwo(const float* numbers, size_t k) {
  return KthFromEnd(
      SortedSixteen<EightFloats>::LastOf(SortedFloats(numbers), SortedFloats(numbers + kGroups)),
      k);
}

}  // namespace
}  // namespace regcore
