// NEON: the first of few floats in order, by keys of 64 bits.
//
// NEON finds the smaller of two numbers of 64 bits only if they are floating-point ones. Those that
// are positive ascend as the integers of the same bits: so a key has its sign clear here, and is
// no NaN.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "scores/row_search/eight_lanes-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/keys32_neon-inl.h"

namespace regcore {
namespace {

// Two registers of two keys each.
struct TwoAndTwo {
  float64x2_t low, high;

  static TwoAndTwo Ordered(float64x2_t a, float64x2_t b) {
    return {vminq_f64(a, b), vmaxq_f64(a, b)};
  }
  TwoAndTwo NeighboursOrdered() const {
    const auto [smaller, larger] = Ordered(vuzp1q_f64(low, high), vuzp2q_f64(low, high));
    return {vzip1q_f64(smaller, larger), vzip2q_f64(smaller, larger)};
  }
};

struct EightKeys64 {
  float64x2_t a, b, c, d;

  static EightKeys64 Smaller(const EightKeys64& x, const EightKeys64& y) {
    return {vminq_f64(x.a, y.a), vminq_f64(x.b, y.b), vminq_f64(x.c, y.c), vminq_f64(x.d, y.d)};
  }
  static EightKeys64 Larger(const EightKeys64& x, const EightKeys64& y) {
    return {vmaxq_f64(x.a, y.a), vmaxq_f64(x.b, y.b), vmaxq_f64(x.c, y.c), vmaxq_f64(x.d, y.d)};
  }

  EightKeys64 Reversed() const {
    const auto swapped = [](float64x2_t v) { return vextq_f64(v, v, 1); };
    return {swapped(d), swapped(c), swapped(b), swapped(a)};
  }

  EightKeys64 SortedBitonic() const {
    const auto first = TwoAndTwo::Ordered(a, c), second = TwoAndTwo::Ordered(b, d);
    return OfBitonicFours(first.low, second.low, first.high, second.high);
  }

  // Two columns of four, each put in order, and merged.
  EightKeys64 Sorted() const {
    const auto [a0, c0] = TwoAndTwo::Ordered(a, c);
    const auto [b0, d0] = TwoAndTwo::Ordered(b, d);
    const auto [a1, b1] = TwoAndTwo::Ordered(a0, b0);
    const auto [c1, d1] = TwoAndTwo::Ordered(c0, d0);
    const auto [b2, c2] = TwoAndTwo::Ordered(b1, c1);
    const auto outer = TwoAndTwo::Ordered(vzip1q_f64(a1, b2), vzip2q_f64(d1, c2));
    const auto inner = TwoAndTwo::Ordered(vzip1q_f64(c2, d1), vzip2q_f64(b2, a1));
    return OfBitonicFours(outer.low, inner.low, outer.high, inner.high);
  }

 private:
  // Four in two registers that rise and then fall, or the other way round, and four above them.
  static EightKeys64 OfBitonicFours(float64x2_t a, float64x2_t b, float64x2_t c, float64x2_t d) {
    const auto low = TwoAndTwo::Ordered(a, b).NeighboursOrdered();
    const auto high = TwoAndTwo::Ordered(c, d).NeighboursOrdered();
    return {low.low, low.high, high.low, high.high};
  }
};

// As KeyOrder32.
struct FloatOrder64 {
  using Eight = EightKeys64;

  static Eight Sorted(const uint8_t* row, const uint32_t* indices, size_t count, size_t first) {
    const auto [a, b] = Four(row, indices, count, first);
    const auto [c, d] = Four(row, indices, count, first + 4);
    return Eight{a, b, c, d}.Sorted();
  }

  static void Store(const Eight& eight, uint64_t* keys) {
    const uint64x2_t mask = vdupq_n_u64((uint64_t{1} << kIndexBits) - 1);
    for (const float64x2_t& two : {eight.a, eight.b, eight.c, eight.d}) {
      vst1q_u64(keys, vandq_u64(vreinterpretq_u64_f64(two), mask));
      keys += 2;
    }
  }

 private:
  static constexpr int kIndexBits = 31;

  // As KeyOfNumber, but a bit lower. What is past the end has the exponent of infinity less one,
  // and is above the key of -infinity.
  static TwoAndTwo Four(const uint8_t* row, const uint32_t* indices, size_t count, size_t first) {
    const auto score = [&](size_t i) { return StoredAt<Float32>(row, indices[first + i]); };
    const float32x4_t scores = {score(0), score(1), score(2), score(3)};
    const float32x4_t without_minus_zero = vaddq_f32(scores, vdupq_n_f32(0.0f));
    const uint32x4_t bits = vreinterpretq_u32_f32(without_minus_zero);
    const uint32x4_t negative = vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(bits), 31));
    const uint32x4_t ordered = veorq_u32(bits, vbicq_u32(vdupq_n_u32(0x7FFFFFFF), negative));
    const uint32x4_t above = vbslq_u32(PastEnd(first, count), vdupq_n_u32(0xFFC00000), ordered);
    const uint32x4_t places = vld1q_u32(indices + first);
    const auto keys = [](uint32x2_t two, uint32x2_t at) {
      return vreinterpretq_f64_u64(vaddw_u32(vshll_n_u32(two, kIndexBits), at));
    };
    return {keys(vget_low_u32(above), vget_low_u32(places)),
            keys(vget_high_u32(above), vget_high_u32(places))};
  }
};

}  // namespace
}  // namespace regcore
