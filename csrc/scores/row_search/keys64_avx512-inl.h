// AVX-512: the first of few scores in order, by keys of 64 bits: for kernels_avx512.cc.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "scores/row_search/eight_lanes-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

struct EightKeys64 {
  __m512i v;

  static EightKeys64 Smaller(EightKeys64 a, EightKeys64 b) { return {_mm512_min_epu64(a.v, b.v)}; }
  static EightKeys64 Larger(EightKeys64 a, EightKeys64 b) { return {_mm512_max_epu64(a.v, b.v)}; }

  EightKeys64 Reversed() const {
    return {_mm512_permutexvar_epi64(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), v)};
  }

  EightKeys64 SortedBitonic() const {
    return Exchanged(_mm512_setr_epi64(4, 5, 6, 7, 0, 1, 2, 3), 0b11110000)
        .Exchanged(_mm512_setr_epi64(2, 3, 0, 1, 6, 7, 4, 5), 0b11001100)
        .Exchanged(_mm512_setr_epi64(1, 0, 3, 2, 5, 4, 7, 6), 0b10101010);
  }

  // A network of 19 exchanges, which stand side by side; tests/cpp/kernels/topk_test.cc tries every
  // order.
  EightKeys64 Sorted() const {
    return Exchanged(_mm512_setr_epi64(2, 3, 0, 1, 6, 7, 4, 5), 0b11001100)
        .Exchanged(_mm512_setr_epi64(4, 5, 6, 7, 0, 1, 2, 3), 0b11110000)
        .Exchanged(_mm512_setr_epi64(1, 0, 3, 2, 5, 4, 7, 6), 0b10101010)
        .Exchanged(_mm512_setr_epi64(0, 1, 4, 5, 2, 3, 6, 7), 0b00110000)
        .Exchanged(_mm512_setr_epi64(0, 4, 2, 6, 1, 5, 3, 7), 0b01010000)
        .Exchanged(_mm512_setr_epi64(0, 2, 1, 4, 3, 6, 5, 7), 0b01010100);
  }

 private:
  // Every key and the one at its place in `partners`, of which those of `larger` keep the larger.
  EightKeys64 Exchanged(__m512i partners, __mmask8 larger) const {
    const __m512i others = _mm512_permutexvar_epi64(partners, v);
    return {_mm512_mask_max_epu64(_mm512_min_epu64(v, others), larger, v, others)};
  }
};

// As KeyOrder32, of any type.
template <typename T>
struct KeyOrder64 {
  using Eight = EightKeys64;

  static Eight Sorted(const uint8_t* row, const uint32_t* indices, size_t count, size_t first) {
    const auto key = [&](size_t i) {
      const uint32_t index = indices[first + i];
      return static_cast<int64_t>(KeyOfNumber(ValueAt<T>(row, index), index));
    };
    const auto two = [&](size_t i) {
      return _mm_insert_epi64(_mm_cvtsi64_si128(key(i)), key(i + 1), 1);
    };
    const auto four = [&](size_t i) {
      return _mm256_inserti128_si256(_mm256_castsi128_si256(two(i)), two(i + 2), 1);
    };
    const __m512i keys = _mm512_inserti64x4(_mm512_castsi256_si512(four(0)), four(4), 1);
    const size_t there = std::min<size_t>(first < count ? count - first : 0, 8);
    const __mmask8 some = static_cast<__mmask8>((1u << there) - 1);
    return Eight{_mm512_mask_mov_epi64(_mm512_set1_epi64(-1), some, keys)}.Sorted();
  }

  static void Store(Eight eight, uint64_t* keys) { _mm512_storeu_si512(keys, eight.v); }
};

}  // namespace
}  // namespace regcore
