// AVX2: eight numbers, or eight keys of 32 bits, in a register, and their order.
#pragma once

#include <immintrin.h>

#include "scores/row_search/eight_lanes-inl.h"

namespace regcore {
namespace {

struct EightFloats {
  __m256 v;

  static EightFloats Smaller(EightFloats a, EightFloats b) { return {_mm256_min_ps(a.v, b.v)}; }
  static EightFloats Larger(EightFloats a, EightFloats b) { return {_mm256_max_ps(a.v, b.v)}; }
  template <int kLanes>
  static EightFloats Blend(EightFloats a, EightFloats b) {
    return {_mm256_blend_ps(a.v, b.v, kLanes)};
  }
  template <int kOrder>
  EightFloats InHalves() const {
    return {_mm256_permute_ps(v, kOrder)};
  }
  EightFloats HalvesSwapped() const { return {_mm256_permute2f128_ps(v, v, 1)}; }
  EightFloats Reversed() const;
  EightFloats SortedBitonic() const;
};

struct EightKeys32 {
  __m256i v;

  static EightKeys32 Smaller(EightKeys32 a, EightKeys32 b) { return {_mm256_min_epu32(a.v, b.v)}; }
  static EightKeys32 Larger(EightKeys32 a, EightKeys32 b) { return {_mm256_max_epu32(a.v, b.v)}; }
  template <int kLanes>
  static EightKeys32 Blend(EightKeys32 a, EightKeys32 b) {
    return {_mm256_blend_epi32(a.v, b.v, kLanes)};
  }
  template <int kOrder>
  EightKeys32 InHalves() const {
    return {_mm256_shuffle_epi32(v, kOrder)};
  }
  EightKeys32 HalvesSwapped() const { return {_mm256_permute2x128_si256(v, v, 1)}; }
  EightKeys32 Reversed() const;
  EightKeys32 SortedBitonic() const;
};

// Every lane and the one `kStep` from it, of which the upper one keeps the larger in runs of `kRun`
// lanes that are to ascend, which every second run is not.
template <int kStep, int kRun, typename Eight>
inline Eight Exchange(Eight lanes) {
  constexpr int kKeepsLarger = [] {
    int mask = 0;
    for (int i = 0; i < 8; ++i) mask |= int{((i & kStep) != 0) != ((i & kRun) != 0)} << i;
    return mask;
  }();
  constexpr int kOrder = kStep == 1 ? 0b10110001 : 0b01001110;
  Eight others;
  if constexpr (kStep < 4) {
    others = lanes.template InHalves<kOrder>();
  } else {
    others = lanes.HalvesSwapped();
  }
  return Eight::template Blend<kKeepsLarger>(Eight::Smaller(lanes, others),
                                             Eight::Larger(lanes, others));
}

template <typename Eight>
inline Eight SortBitonic(Eight lanes) {
  return Exchange<1, 8>(Exchange<2, 8>(Exchange<4, 8>(lanes)));
}

// Batcher's bitonic sort.
template <typename Eight>
inline Eight SortedEight(Eight lanes) {
  lanes = Exchange<1, 2>(lanes);
  return SortBitonic(Exchange<1, 4>(Exchange<2, 4>(lanes)));
}

inline EightFloats EightFloats::SortedBitonic() const { return SortBitonic(*this); }
inline EightKeys32 EightKeys32::SortedBitonic() const { return SortBitonic(*this); }

inline EightFloats EightFloats::Reversed() const {
  return {_mm256_permutevar8x32_ps(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0))};
}
inline EightKeys32 EightKeys32::Reversed() const {
  return {_mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0))};
}

}  // namespace
}  // namespace regcore
