// NEON: eight numbers, or eight keys of 32 bits, in two registers, and their order.
#pragma once

#include <arm_neon.h>

#include "scores/row_search/eight_lanes-inl.h"

namespace regcore {
namespace {

inline float32x4_t SmallerOf(float32x4_t a, float32x4_t b) { return vminq_f32(a, b); }
inline uint32x4_t SmallerOf(uint32x4_t a, uint32x4_t b) { return vminq_u32(a, b); }
inline float32x4_t LargerOf(float32x4_t a, float32x4_t b) { return vmaxq_f32(a, b); }
inline uint32x4_t LargerOf(uint32x4_t a, uint32x4_t b) { return vmaxq_u32(a, b); }

// Of two registers: every second lane, lanes in turn, and halves.
inline float32x4_t Evens(float32x4_t a, float32x4_t b) { return vuzp1q_f32(a, b); }
inline uint32x4_t Evens(uint32x4_t a, uint32x4_t b) { return vuzp1q_u32(a, b); }
inline float32x4_t Odds(float32x4_t a, float32x4_t b) { return vuzp2q_f32(a, b); }
inline uint32x4_t Odds(uint32x4_t a, uint32x4_t b) { return vuzp2q_u32(a, b); }
inline float32x4_t ZippedLow(float32x4_t a, float32x4_t b) { return vzip1q_f32(a, b); }
inline uint32x4_t ZippedLow(uint32x4_t a, uint32x4_t b) { return vzip1q_u32(a, b); }
inline float32x4_t ZippedHigh(float32x4_t a, float32x4_t b) { return vzip2q_f32(a, b); }
inline uint32x4_t ZippedHigh(uint32x4_t a, uint32x4_t b) { return vzip2q_u32(a, b); }
inline float32x4_t EvenPairs(float32x4_t a, float32x4_t b) { return vtrn1q_f32(a, b); }
inline uint32x4_t EvenPairs(uint32x4_t a, uint32x4_t b) { return vtrn1q_u32(a, b); }
inline float32x4_t OddPairs(float32x4_t a, float32x4_t b) { return vtrn2q_f32(a, b); }
inline uint32x4_t OddPairs(uint32x4_t a, uint32x4_t b) { return vtrn2q_u32(a, b); }
inline uint32x4_t LowHalves(uint32x4_t a, uint32x4_t b) {
  return vreinterpretq_u32_u64(vzip1q_u64(vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b)));
}
inline float32x4_t LowHalves(float32x4_t a, float32x4_t b) {
  return vreinterpretq_f32_u32(LowHalves(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
inline uint32x4_t HighHalves(uint32x4_t a, uint32x4_t b) {
  return vreinterpretq_u32_u64(vzip2q_u64(vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b)));
}
inline float32x4_t HighHalves(float32x4_t a, float32x4_t b) {
  return vreinterpretq_f32_u32(HighHalves(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
inline float32x4_t Backwards(float32x4_t v) {
  const float32x4_t swapped = vrev64q_f32(v);
  return vextq_f32(swapped, swapped, 2);
}
inline uint32x4_t Backwards(uint32x4_t v) {
  const uint32x4_t swapped = vrev64q_u32(v);
  return vextq_u32(swapped, swapped, 2);
}

template <typename Four>
struct EightLanes {
  Four low, high;

  static EightLanes Smaller(const EightLanes& a, const EightLanes& b) {
    return {SmallerOf(a.low, b.low), SmallerOf(a.high, b.high)};
  }
  static EightLanes Larger(const EightLanes& a, const EightLanes& b) {
    return {LargerOf(a.low, b.low), LargerOf(a.high, b.high)};
  }
  EightLanes Reversed() const { return {Backwards(high), Backwards(low)}; }

  // Each lane and the one four, two and one from it.
  EightLanes SortedBitonic() const {
    const Four a = SmallerOf(low, high), b = LargerOf(low, high);
    const Four first = LowHalves(a, b), second = HighHalves(a, b);
    const Four c = SmallerOf(first, second), d = LargerOf(first, second);
    const Four even = Evens(c, d), odd = Odds(c, d);
    const Four e = SmallerOf(even, odd), f = LargerOf(even, odd);
    return FromColumns(ZippedLow(e, f), ZippedHigh(e, f));
  }

  // Batcher's bitonic sort, in which each pair of lanes is one of `low` and one of `high`.
  EightLanes Sorted() const {
    const Four a = SmallerOf(low, high), b = LargerOf(low, high);
    // Two runs of four from pairs (a0, b0), (a1, b1) and (a2, b2), (a3, b3).
    const Four first = EvenPairs(a, b), second = OddPairs(b, a);
    const Four c = SmallerOf(first, second), d = LargerOf(first, second);
    const Four even = Evens(c, d), odd = Odds(c, d);
    const Four e = SmallerOf(even, odd), f = LargerOf(even, odd);
    const EightLanes runs = FromColumns(ZippedLow(e, f), ZippedHigh(e, f));
    return EightLanes{runs.low, Backwards(runs.high)}.SortedBitonic();
  }

 private:
  static EightLanes FromColumns(Four a, Four b) { return {LowHalves(a, b), HighHalves(a, b)}; }
};

using EightFloats = EightLanes<float32x4_t>;
using EightKeys32 = EightLanes<uint32x4_t>;

}  // namespace
}  // namespace regcore
