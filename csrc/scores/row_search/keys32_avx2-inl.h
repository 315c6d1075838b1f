// AVX2: the first of few scores of 8 or 16 bits in order, by keys of 32 bits: for every instruction
// set that has it.
//
// No key goes through memory, here as in keys64_avx512-inl.h: what was just stored in pieces can be
// loaded as a vector only when all of it has left for the cache, and nothing of the next row would
// be computed until then.
#pragma once

#include <immintrin.h>

#include <type_traits>

#include "scores/row_search/eight_lanes_avx2-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// Scores as they are stored, above their indices: ascending keys are the order of TopK.
template <typename T>
__m256i Keys32(__m256i stored) {
  if constexpr (std::is_same_v<T, Int8>) {
    return _mm256_xor_si256(stored, _mm256_set1_epi32(0x7F000000));
  } else if constexpr (std::is_same_v<T, Uint8>) {
    return _mm256_xor_si256(stored, _mm256_set1_epi32(-0x1000000));
  } else {
    // -0 is 0; then, of positive numbers, all bits but the sign are flipped.
    const __m256i number = _mm256_and_si256(stored, _mm256_set1_epi32(-0x10000));
    const __m256i minus_zero = _mm256_cmpeq_epi32(number, _mm256_set1_epi32(INT32_MIN));
    stored = _mm256_xor_si256(stored, _mm256_slli_epi32(minus_zero, 31));
    const __m256i flip =
        _mm256_andnot_si256(_mm256_srai_epi32(stored, 31), _mm256_set1_epi32(0x7FFF0000));
    return _mm256_xor_si256(stored, flip);
  }
}

// How OrderFew orders the scores of a row.
template <typename T>
struct KeyOrder32 {
  using Eight = EightKeys32;

  // Those of the indices from the first-th on, in ascending order; past `count` the largest there
  // is.
  static Eight Sorted(const uint8_t* row, const uint32_t* indices, size_t count, size_t first) {
    const __m256i stored = _mm256_inserti128_si256(
        _mm256_castsi128_si256(Four(row, indices + first)), Four(row, indices + first + 4), 1);
    const __m256i place = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                           _mm256_set1_epi32(static_cast<int>(first)));
    const __m256i none = _mm256_cmpgt_epi32(place, _mm256_set1_epi32(static_cast<int>(count) - 1));
    return SortedEight(Eight{_mm256_or_si256(Keys32<T>(stored), none)});
  }

  static void Store(Eight eight, uint64_t* keys) {
    const __m256i indices = _mm256_and_si256(eight.v, _mm256_set1_epi32((1 << kIndexBits) - 1));
    const auto store = [&](__m128i four, uint64_t* place) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(place), _mm256_cvtepu32_epi64(four));
    };
    store(_mm256_castsi256_si128(indices), keys);
    store(_mm256_extracti128_si256(indices, 1), keys + 4);
  }

 private:
  static constexpr int kIndexBits = 32 - 8 * static_cast<int>(sizeof(typename T::Storage));
  static_assert(kChunk * kSmallKChunks <= 1u << kIndexBits);

  static __m128i Four(const uint8_t* row, const uint32_t* indices) {
    const auto one = [&](size_t i) {
      const auto stored =
          static_cast<std::make_unsigned_t<typename T::Storage>>(StoredAt<T>(row, indices[i]));
      return static_cast<int>(uint32_t{stored} << kIndexBits | indices[i]);
    };
    __m128i four = _mm_cvtsi32_si128(one(0));
    four = _mm_insert_epi32(four, one(1), 1);
    four = _mm_insert_epi32(four, one(2), 2);
    return _mm_insert_epi32(four, one(3), 3);
  }
};

}  // namespace
}  // namespace regcore
