// NEON: the first of few scores of 8 or 16 bits in order, by keys of 32 bits.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "scores/row_search/eight_lanes_neon-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// All ones in the lanes from place `place` on that are not below `count`.
inline uint32x4_t PastEnd(size_t place, size_t count) {
  const uint32_t numbers[] = {0, 1, 2, 3};
  const uint32x4_t places =
      vaddq_u32(vld1q_u32(numbers), vdupq_n_u32(static_cast<uint32_t>(place)));
  return vcgeq_u32(places, vdupq_n_u32(static_cast<uint32_t>(count)));
}

// Scores as they are stored, above their indices: ascending keys are the order of TopK.
template <typename T>
uint32x4_t Keys32(uint32x4_t stored) {
  if constexpr (std::is_same_v<T, Int8>) {
    return veorq_u32(stored, vdupq_n_u32(0x7F000000));
  } else if constexpr (std::is_same_v<T, Uint8>) {
    return veorq_u32(stored, vdupq_n_u32(0xFF000000));
  } else {
    // -0 is 0; then, of positive numbers, all bits but the sign are flipped.
    const uint32x4_t number = vandq_u32(stored, vdupq_n_u32(0xFFFF0000));
    const uint32x4_t minus_zero = vceqq_u32(number, vdupq_n_u32(0x80000000));
    stored = veorq_u32(stored, vshlq_n_u32(minus_zero, 31));
    const uint32x4_t negative =
        vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(stored), 31));
    return veorq_u32(stored, vbicq_u32(vdupq_n_u32(0x7FFF0000), negative));
  }
}

template <typename T>
struct KeyOrder32 {
  using Eight = EightKeys32;

  // Those of the indices from the first-th on, in ascending order; past `count` the largest there
  // is.
  static Eight Sorted(const uint8_t* row, const uint32_t* indices, size_t count, size_t first) {
    return Eight{Four(row, indices, count, first), Four(row, indices, count, first + 4)}.Sorted();
  }

  static void Store(const Eight& eight, uint64_t* keys) {
    const uint32x4_t mask = vdupq_n_u32((1u << kIndexBits) - 1);
    for (const uint32x4_t& four : {eight.low, eight.high}) {
      const uint32x4_t indices = vandq_u32(four, mask);
      vst1q_u64(keys, vmovl_u32(vget_low_u32(indices)));
      vst1q_u64(keys + 2, vmovl_high_u32(indices));
      keys += 4;
    }
  }

 private:
  static constexpr int kIndexBits = 32 - 8 * static_cast<int>(sizeof(typename T::Storage));
  static_assert(kChunk * kSmallKChunks <= 1u << kIndexBits);

  static uint32x4_t Four(const uint8_t* row, const uint32_t* indices, size_t count, size_t first) {
    const auto stored = [&](size_t i) {
      return uint32_t{static_cast<std::make_unsigned_t<typename T::Storage>>(
          StoredAt<T>(row, indices[first + i]))};
    };
    const uint32x4_t scores = {stored(0), stored(1), stored(2), stored(3)};
    const uint32x4_t keys = vorrq_u32(vshlq_n_u32(scores, kIndexBits), vld1q_u32(indices + first));
    return vorrq_u32(Keys32<T>(keys), PastEnd(first, count));
  }
};

}  // namespace
}  // namespace regcore
