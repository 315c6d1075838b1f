// The last step of the Arm kernels.
#pragma once

#include <arm_neon.h>

#include "resample/axis_plan.h"

namespace regcore {
namespace {  // compiled for each instruction set on its own

constexpr int kFirst = 16;
constexpr int kSecond = kWeightBits - kFirst;

inline uint16x8_t Shift16(uint32x4_t low, uint32x4_t high) {
  return vqshrun_high_n_s32(vqshrun_n_s32(vreinterpretq_s32_u32(low), kFirst),
                            vreinterpretq_s32_u32(high), kFirst);
}

// Sixteen sums → floor(sum / 2^22) clipped to 0..255: a saturating shift by 16 to uint16, which
// clips negative sums only, and one by 6 to uint8.
inline uint8x16_t Clip(const uint32x4_t* sums) {
  const uint16x8_t low = Shift16(sums[0], sums[1]);
  const uint16x8_t high = Shift16(sums[2], sums[3]);
  return vqshrn_high_n_u16(vqshrn_n_u16(low, kSecond), high, kSecond);
}

}  // namespace
}  // namespace regcore
