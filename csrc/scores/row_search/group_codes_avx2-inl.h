// AVX2: kGroups codes of scores of 8 or 16 bits, and these scores again: for every instruction set
// that has it, after its Lanes.
#pragma once

#include <immintrin.h>

#include <array>
#include <cmath>

#include "scores/row_search/code_order-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// 0, 1, 2 and so on.
alignas(64) constexpr auto kLaneNumbers = [] {
  std::array<uint16_t, kChunk> numbers = {};
  for (size_t i = 0; i < kChunk; ++i) numbers[i] = static_cast<uint16_t>(i);
  return numbers;
}();

template <typename T>
struct GroupCodes {
  __m256i v;  // those of 8 bits are in the lower half

  // Everywhere the code of the lowest score that is not below `threshold`, which some score is.
  static GroupCodes All(float threshold) {
    if constexpr (kIsByte<T>) {
      const auto score = static_cast<char>(static_cast<int>(std::ceil(threshold)));
      return {_mm256_set1_epi8(static_cast<char>(score ^ kByteFlip<T>))};
    } else {
      const __m256i stored = _mm256_broadcastw_epi16(StoredNotBelow(T{}, _mm_set_ss(threshold)));
      const __m256i magnitude = _mm256_and_si256(stored, _mm256_set1_epi16(0x7FFF));
      const __m256i is_zero = _mm256_cmpeq_epi16(magnitude, _mm256_setzero_si256());
      const __m256i minus_zero = _mm256_set1_epi16(-0x8000);
      return {Coded(_mm256_blendv_epi8(stored, minus_zero, is_zero))};
    }
  }

  // Of scores of 16 bits, as they are stored.
  static __m256i Coded(__m256i stored) {
    return _mm256_add_epi16(Flipped(stored), _mm256_set1_epi16(kPastInfinity<T>));
  }

  // The larger ones of twice as many of 8 bits.
  static GroupCodes OfHalves(__m256i codes) {
    return {_mm256_max_epi8(codes, _mm256_permute2x128_si256(codes, codes, 1))};
  }

  // -infinity in place of a NaN.
  Lanes Scores() const {
    if constexpr (kIsByte<T>) {
      alignas(16) uint8_t stored[kGroups];
      const __m128i flip = _mm_set1_epi8(kByteFlip<T>);
      _mm_store_si128(reinterpret_cast<__m128i*>(stored),
                      _mm_xor_si128(_mm256_castsi256_si128(v), flip));
      return Lanes::Load(T{}, stored);
    } else {
      constexpr short kLowest = -1 - kStoredInfinity<T>;
      const __m256i past = _mm256_set1_epi16(kPastInfinity<T>);
      const __m256i codes = _mm256_max_epi16(v, _mm256_add_epi16(_mm256_set1_epi16(kLowest), past));
      alignas(32) uint8_t stored[2 * kGroups];
      _mm256_store_si256(reinterpret_cast<__m256i*>(stored),
                         Flipped(_mm256_sub_epi16(codes, past)));
      return Lanes::Load(T{}, stored);
    }
  }

 private:
  // Negative numbers ascend as their bits but the sign descend.
  static __m256i Flipped(__m256i stored) {
    const __m256i negative = _mm256_srai_epi16(stored, 15);
    return _mm256_xor_si256(stored, _mm256_and_si256(negative, _mm256_set1_epi16(0x7FFF)));
  }

  static __m128i StoredNotBelow(Float16, __m128 number) {
    return _mm_cvtps_ph(number, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
  }
  static __m128i StoredNotBelow(Bfloat16, __m128 number) {
    const __m128i bits = _mm_castps_si128(number);
    const __m128i up = _mm_andnot_si128(_mm_srai_epi32(bits, 31), _mm_set1_epi32(0xFFFF));
    return _mm_srli_epi32(_mm_add_epi32(bits, up), 16);
  }
};

}  // namespace
}  // namespace regcore
