// NEON: one register of floats, or of codes of 16 or 8 bits; what is done with each, by one name.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "scores/row_search/eight_lanes_neon-inl.h"

namespace regcore {
namespace {

inline float32x4_t Everywhere(float x) { return vdupq_n_f32(x); }
inline int16x8_t Everywhere(int16_t x) { return vdupq_n_s16(x); }
inline int8x16_t Everywhere(int8_t x) { return vdupq_n_s8(x); }

// Of floats a NaN if one of them is, and no signalling one.
inline int16x8_t LargerOf(int16x8_t a, int16x8_t b) { return vmaxq_s16(a, b); }
inline int8x16_t LargerOf(int8x16_t a, int8x16_t b) { return vmaxq_s8(a, b); }

// Where a NaN loses, if it is no signalling one.
inline float32x4_t LargerNumber(float32x4_t a, float32x4_t b) { return vmaxnmq_f32(a, b); }
inline int16x8_t LargerNumber(int16x8_t a, int16x8_t b) { return vmaxq_s16(a, b); }
inline int8x16_t LargerNumber(int8x16_t a, int8x16_t b) { return vmaxq_s8(a, b); }

inline uint8x16_t AsBytes(float32x4_t v) { return vreinterpretq_u8_f32(v); }
inline uint8x16_t AsBytes(int16x8_t v) { return vreinterpretq_u8_s16(v); }
inline uint8x16_t AsBytes(int8x16_t v) { return vreinterpretq_u8_s8(v); }

template <typename Register>
Register FromBytes(uint8x16_t bytes) {
  if constexpr (std::is_same_v<Register, float32x4_t>) {
    return vreinterpretq_f32_u8(bytes);
  } else if constexpr (std::is_same_v<Register, int16x8_t>) {
    return vreinterpretq_s16_u8(bytes);
  } else {
    return vreinterpretq_s8_u8(bytes);
  }
}

inline float LargestOf(float32x4_t v) { return vmaxvq_f32(v); }
inline int16_t LargestOf(int16x8_t v) { return vmaxvq_s16(v); }
inline int8_t LargestOf(int8x16_t v) { return vmaxvq_s8(v); }

// All ones where it holds.
inline uint32x4_t NotBelow(float32x4_t v, float32x4_t least) { return vcgeq_f32(v, least); }
inline uint16x8_t NotBelow(int16x8_t v, int16x8_t least) { return vcgeq_s16(v, least); }
inline uint8x16_t NotBelow(int8x16_t v, int8x16_t least) { return vcgeq_s8(v, least); }

// Likewise; a NaN may be anything.
inline uint32x4_t MayReach(float32x4_t v, float32x4_t least) {
  return vmvnq_u32(vcltq_f32(v, least));
}
inline uint16x8_t MayReach(int16x8_t v, int16x8_t least) { return vcgeq_s16(v, least); }
inline uint8x16_t MayReach(int8x16_t v, int8x16_t least) { return vcgeq_s8(v, least); }

// Bytes of all ones or none from lanes that are so.
inline uint8x16_t BytesOf(const uint32x4_t (&lanes)[4]) {
  const auto halves = [&](size_t i) {
    return vuzp1q_u16(vreinterpretq_u16_u32(lanes[i]), vreinterpretq_u16_u32(lanes[i + 1]));
  };
  return vuzp1q_u8(vreinterpretq_u8_u16(halves(0)), vreinterpretq_u8_u16(halves(2)));
}
inline uint8x16_t BytesOf(const uint16x8_t (&lanes)[2]) {
  return vuzp1q_u8(vreinterpretq_u8_u16(lanes[0]), vreinterpretq_u8_u16(lanes[1]));
}
inline uint8x16_t BytesOf(const uint8x16_t (&lanes)[1]) { return lanes[0]; }

// As bits, bytes of all ones or none: each keeps its bit of eight, and eight are added up.
inline uint8x16_t MarkedBytes(uint8x16_t bytes) {
  const uint8_t bits[] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  return vandq_u8(bytes, vld1q_u8(bits));
}
inline uint64_t BitsOf(uint8x16_t bytes) {
  uint8x16_t sums = MarkedBytes(bytes);
  for (int i = 0; i < 3; ++i) sums = vpaddq_u8(sums, sums);
  return vgetq_lane_u16(vreinterpretq_u16_u8(sums), 0);
}
inline uint64_t BitsOf(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t low = vpaddq_u8(MarkedBytes(a), MarkedBytes(b));
  const uint8x16_t high = vpaddq_u8(MarkedBytes(c), MarkedBytes(d));
  uint8x16_t sums = vpaddq_u8(low, high);
  sums = vpaddq_u8(sums, sums);
  return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

}  // namespace
}  // namespace regcore
