// AVX2: the first of few scores of 8 or 16 bits in order, by keys of 32 bits: for every instruction
// set that has it.
//
// No key goes through memory, here as in keys64_avx512-inl.h: what was just stored in pieces can be
// loaded as a vector only when all of it has left for the cache, and nothing of the next row would
// be computed until then.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <type_traits>

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// The larger of every key and the one `kStep` from it goes up in runs of `kRun` keys that are to
// ascend, and down in every second run.
template <int kStep, int kRun>
inline __m256i ExchangeKeys32(__m256i keys) {
  constexpr int kKeepsLarger = [] {
    int mask = 0;
    for (int i = 0; i < 8; ++i) mask |= int{((i & kStep) != 0) != ((i & kRun) != 0)} << i;
    return mask;
  }();
  __m256i others;
  if constexpr (kStep < 4) {
    others = _mm256_shuffle_epi32(keys, kStep == 1 ? 0b10110001 : 0b01001110);
  } else {
    others = _mm256_permute2x128_si256(keys, keys, 1);
  }
  return _mm256_blend_epi32(_mm256_min_epu32(keys, others), _mm256_max_epu32(keys, others),
                            kKeepsLarger);
}

// Eight keys that rise and then fall, or the other way round, in ascending order.
inline __m256i SortBitonic32(__m256i keys) {
  return ExchangeKeys32<1, 8>(ExchangeKeys32<2, 8>(ExchangeKeys32<4, 8>(keys)));
}

// Batcher's bitonic sort.
inline __m256i SortedEight32(__m256i keys) {
  keys = ExchangeKeys32<1, 2>(keys);
  return SortBitonic32(ExchangeKeys32<1, 4>(ExchangeKeys32<2, 4>(keys)));
}

inline __m256i Reversed32(__m256i keys) {
  return _mm256_permutevar8x32_epi32(keys, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

// Sixteen ascending keys in two registers.
struct SortedSixteen32 {
  __m256i low, high;

  // Of two times eight, each in ascending order.
  static SortedSixteen32 Merge(__m256i a, __m256i b) {
    const __m256i turned = Reversed32(b);
    return {SortBitonic32(_mm256_min_epu32(a, turned)), SortBitonic32(_mm256_max_epu32(a, turned))};
  }

  // The first sixteen of both.
  static SortedSixteen32 FirstOf(const SortedSixteen32& a, const SortedSixteen32& b) {
    const __m256i x = _mm256_min_epu32(a.low, Reversed32(b.high));
    const __m256i y = _mm256_min_epu32(a.high, Reversed32(b.low));
    return {SortBitonic32(_mm256_min_epu32(x, y)), SortBitonic32(_mm256_max_epu32(x, y))};
  }
};

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

// As ScoreKernels::small_k, of the scores with these indices, after which there is room for as many
// as are put in order at once.
template <typename T>
class FirstKeys32 {
 public:
  FirstKeys32(const uint8_t* row, uint32_t* indices, size_t count)
      : row_(row), indices_(indices), count_(count) {}

  void Find(uint64_t* keys) const {
    std::fill_n(indices_ + count_, 8, 0);
    const __m256i first = Eight(0);
    if (count_ <= 8) return Store(first, keys);
    std::fill_n(indices_ + count_, 24, 0);
    SortedSixteen32 best = SortedSixteen32::Merge(first, Eight(8));
    if (count_ > 16) {
      best = SortedSixteen32::FirstOf(best, SortedSixteen32::Merge(Eight(16), Eight(24)));
    }
    Store(best.low, keys);
    Store(best.high, keys + 8);
  }

 private:
  static constexpr int kIndexBits = 32 - 8 * static_cast<int>(sizeof(typename T::Storage));
  static_assert(kChunk * kSmallKChunks <= 1u << kIndexBits);

  // From the first-th on, in ascending order; past `count` the largest there is.
  __m256i Eight(size_t first) const {
    const __m256i stored =
        _mm256_inserti128_si256(_mm256_castsi128_si256(Four(first)), Four(first + 4), 1);
    const __m256i place = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                           _mm256_set1_epi32(static_cast<int>(first)));
    const __m256i none = _mm256_cmpgt_epi32(place, _mm256_set1_epi32(static_cast<int>(count_) - 1));
    return SortedEight32(_mm256_or_si256(Keys32<T>(stored), none));
  }

  __m128i Four(size_t first) const {
    const auto one = [&](size_t i) {
      const uint32_t index = indices_[first + i];
      const auto stored =
          static_cast<std::make_unsigned_t<typename T::Storage>>(StoredAt<T>(row_, index));
      return static_cast<int>(uint32_t{stored} << kIndexBits | index);
    };
    __m128i four = _mm_cvtsi32_si128(one(0));
    four = _mm_insert_epi32(four, one(1), 1);
    four = _mm_insert_epi32(four, one(2), 2);
    return _mm_insert_epi32(four, one(3), 3);
  }

  static void Store(__m256i eight, uint64_t* keys) {
    const __m256i indices = _mm256_and_si256(eight, _mm256_set1_epi32((1 << kIndexBits) - 1));
    const auto store = [&](__m128i four, uint64_t* place) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(place), _mm256_cvtepu32_epi64(four));
    };
    store(_mm256_castsi256_si128(indices), keys);
    store(_mm256_extracti128_si256(indices, 1), keys + 4);
  }

  const uint8_t* const row_;
  uint32_t* const indices_;
  const size_t count_;
};

}  // namespace
}  // namespace regcore
