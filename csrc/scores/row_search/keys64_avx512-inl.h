// AVX-512: the first of few scores in order, by keys of 64 bits: for kernels_avx512.cc.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

// Every key and the one at its place in `partners`, of which those of `larger` keep the larger.
inline __m512i Exchange(__m512i keys, __m512i partners, __mmask8 larger) {
  const __m512i others = _mm512_permutexvar_epi64(partners, keys);
  return _mm512_mask_max_epu64(_mm512_min_epu64(keys, others), larger, keys, others);
}

// The network of OrderSmallK, its exchanges side by side.
inline __m512i SortedEight(__m512i keys) {
  keys = Exchange(keys, _mm512_setr_epi64(2, 3, 0, 1, 6, 7, 4, 5), 0b11001100);
  keys = Exchange(keys, _mm512_setr_epi64(4, 5, 6, 7, 0, 1, 2, 3), 0b11110000);
  keys = Exchange(keys, _mm512_setr_epi64(1, 0, 3, 2, 5, 4, 7, 6), 0b10101010);
  keys = Exchange(keys, _mm512_setr_epi64(0, 1, 4, 5, 2, 3, 6, 7), 0b00110000);
  keys = Exchange(keys, _mm512_setr_epi64(0, 4, 2, 6, 1, 5, 3, 7), 0b01010000);
  return Exchange(keys, _mm512_setr_epi64(0, 2, 1, 4, 3, 6, 5, 7), 0b01010100);
}

// Eight keys that rise and then fall, or the other way round, in ascending order.
inline __m512i SortBitonic(__m512i keys) {
  keys = Exchange(keys, _mm512_setr_epi64(4, 5, 6, 7, 0, 1, 2, 3), 0b11110000);
  keys = Exchange(keys, _mm512_setr_epi64(2, 3, 0, 1, 6, 7, 4, 5), 0b11001100);
  return Exchange(keys, _mm512_setr_epi64(1, 0, 3, 2, 5, 4, 7, 6), 0b10101010);
}

inline __m512i Reversed(__m512i keys) {
  return _mm512_permutexvar_epi64(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), keys);
}

// Sixteen ascending keys in two registers.
struct SortedSixteen {
  __m512i low, high;

  // Of two times eight, each in ascending order.
  static SortedSixteen Merge(__m512i a, __m512i b) {
    const __m512i turned = Reversed(b);
    return {SortBitonic(_mm512_min_epu64(a, turned)), SortBitonic(_mm512_max_epu64(a, turned))};
  }

  // The first sixteen of both.
  static SortedSixteen FirstOf(const SortedSixteen& a, const SortedSixteen& b) {
    const __m512i x = _mm512_min_epu64(a.low, Reversed(b.high));
    const __m512i y = _mm512_min_epu64(a.high, Reversed(b.low));
    return {SortBitonic(_mm512_min_epu64(x, y)), SortBitonic(_mm512_max_epu64(x, y))};
  }
};

// As FirstKeys32, of any type.
template <typename T>
class FirstKeys64 {
 public:
  FirstKeys64(const uint8_t* row, uint32_t* indices, size_t count)
      : row_(row), indices_(indices), count_(count) {}

  void Find(uint64_t* keys) const {
    std::fill_n(indices_ + count_, 8, 0);
    const __m512i first = Eight(0);
    if (count_ <= 8) {
      _mm512_storeu_si512(keys, first);
      return;
    }
    std::fill_n(indices_ + count_, 24, 0);
    SortedSixteen best = SortedSixteen::Merge(first, Eight(8));
    if (count_ > 16)
      best = SortedSixteen::FirstOf(best, SortedSixteen::Merge(Eight(16), Eight(24)));
    _mm512_storeu_si512(keys, best.low);
    _mm512_storeu_si512(keys + 8, best.high);
  }

 private:
  // From the first-th on, in ascending order; past `count` the largest there is.
  __m512i Eight(size_t first) const {
    const auto key = [&](size_t i) {
      const uint32_t index = indices_[first + i];
      return static_cast<int64_t>(KeyOfNumber(ValueAt<T>(row_, index), index));
    };
    const auto two = [&](size_t i) {
      return _mm_insert_epi64(_mm_cvtsi64_si128(key(i)), key(i + 1), 1);
    };
    const auto four = [&](size_t i) {
      return _mm256_inserti128_si256(_mm256_castsi128_si256(two(i)), two(i + 2), 1);
    };
    const __m512i keys = _mm512_inserti64x4(_mm512_castsi256_si512(four(0)), four(4), 1);
    const size_t there = std::min<size_t>(first < count_ ? count_ - first : 0, 8);
    const __mmask8 some = static_cast<__mmask8>((1u << there) - 1);
    return SortedEight(_mm512_mask_mov_epi64(_mm512_set1_epi64(-1), some, keys));
  }

  const uint8_t* const row_;
  uint32_t* const indices_;
  const size_t count_;
};

}  // namespace
}  // namespace regcore
