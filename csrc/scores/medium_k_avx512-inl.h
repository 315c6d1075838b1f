// ScoreKernels::medium_k of AVX-512: for kernels_avx512.cc, after kernels-inl.h.
//
// Where the scores are that reach the bound, nobody can foretell: so nothing here branches on it,
// unless a chunk has more than usual. The next row's maxima are found in between, chunk by chunk: a
// processor that had only this row to look at would stop asking for memory.
#pragma once

#include <immintrin.h>

#include <bit>
#include <limits>

#include "scores/group_maxima-inl.h"
#include "scores/kernels.h"

namespace regcore {
namespace {

// The k-th largest of the 2 * kGroups numbers in `a` and `b`, k <= kGroups, by counting the larger
// ones of each.
inline float KthLargestOfTwo(Lanes a, Lanes b, size_t k) {
  const __m512i one = _mm512_set1_epi32(1);
  __m512i of_a = _mm512_setzero_si512(), of_b = of_a;
  __m512i from_a = _mm512_castps_si512(a.v), from_b = _mm512_castps_si512(b.v);
  const auto count = [&](__m512i* counts, __m512i others, __m512 v) {
    const __mmask16 larger = _mm512_cmp_ps_mask(_mm512_castsi512_ps(others), v, _CMP_GT_OQ);
    *counts = _mm512_mask_add_epi32(*counts, larger, *counts, one);
  };
  for (size_t i = 0; i < kBlock; ++i) {
    count(&of_a, from_a, a.v);
    count(&of_a, from_b, a.v);
    count(&of_b, from_a, b.v);
    count(&of_b, from_b, b.v);
    from_a = _mm512_alignr_epi32(from_a, from_a, 1);
    from_b = _mm512_alignr_epi32(from_b, from_b, 1);
  }
  const __m512i limit = _mm512_set1_epi32(static_cast<int>(k));
  const float kth_of_a = _mm512_mask_reduce_min_ps(_mm512_cmplt_epi32_mask(of_a, limit), a.v);
  const float kth_of_b = _mm512_mask_reduce_min_ps(_mm512_cmplt_epi32_mask(of_b, limit), b.v);
  return kth_of_a < kth_of_b ? kth_of_a : kth_of_b;
}

// The indices of scores that reach a bound, ascending; past kMediumK of them only how many.
class FoundIndices {
 public:
  static constexpr size_t kRoom = kMediumK + kChunk;

  // `indices` has kRoom places. (In here they would keep the rest in memory, too.)
  explicit FoundIndices(uint32_t* indices) : indices_(indices) {}

  // Those of chunk `chunk` are the bits that are set.
  void Add(size_t chunk, uint64_t bits) {
    constexpr size_t kUsual = 4;
    uint32_t* next = indices_ + (count_ < kMediumK ? count_ : kMediumK);
    const auto index_of = [&](uint64_t left) {
      return static_cast<uint32_t>(kChunk * chunk + static_cast<size_t>(std::countr_zero(left)));
    };
    count_ += static_cast<size_t>(std::popcount(bits));
    for (size_t i = 0; i < kUsual; ++i, bits &= bits - 1) {
      *next++ = index_of(bits | 1ull << 63);
    }
    for (; bits != 0; bits &= bits - 1) *next++ = index_of(bits);
  }

  size_t count() const { return count_; }

 private:
  uint32_t* const indices_;
  size_t count_ = 0;
};

// The keys of eight scores, and of what is none the largest there is.
inline __m512i EightKeys(const float* scores, const uint32_t* indices, size_t first, size_t count) {
  const __m256 numbers = _mm256_add_ps(_mm256_loadu_ps(scores + first), _mm256_setzero_ps());
  const __m256i bits = _mm256_castps_si256(numbers);  // see KeyOfNumber
  const __m256i flip = _mm256_andnot_si256(_mm256_srai_epi32(bits, 31),
                                           _mm256_set1_epi32(std::numeric_limits<int>::max()));
  const __m512i high = _mm512_cvtepu32_epi64(_mm256_xor_si256(bits, flip));
  const __m512i index =
      _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(indices + first)));
  const __m512i keys = _mm512_or_si512(_mm512_slli_epi64(high, 32), index);
  const unsigned there = first < count ? static_cast<unsigned>(count - first) : 0;
  const __mmask8 some = static_cast<__mmask8>(there < 8 ? (1u << there) - 1 : 0xFF);
  return _mm512_mask_mov_epi64(_mm512_set1_epi64(-1), some, keys);
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

template <typename T>
size_t MediumK(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
               uint64_t* keys) {
  // As FindMaxima divides a row in two.
  const size_t whole = classes / kChunk, half = whole / 2;
  const bool is_last = next.scores == nullptr;
  StepwiseMaxima<T> first(next, classes, 0, is_last ? 0 : half, 1);
  StepwiseMaxima<T> second(next, classes, is_last ? 0 : half, is_last ? 0 : ChunksOf(classes), 1);
  const float* of_segments = row.maxima.of_segments;
  const Lanes bound =
      Lanes::All(KthLargestOfTwo(LanesOf(of_segments), LanesOf(of_segments + kGroups), k));
  uint32_t indices[FoundIndices::kRoom];
  FoundIndices found(indices);
  const auto add_chunk = [&](size_t chunk) {
    found.Add(chunk, ChunkAtLeast<T>(row.scores, classes, chunk, bound));
  };
  for (size_t chunk = 0; chunk < half; ++chunk) {
    add_chunk(chunk);
    first.Step();
  }
  for (size_t chunk = half; chunk < whole; ++chunk) {
    add_chunk(chunk);
    second.Step();
  }
  if (whole < ChunksOf(classes)) add_chunk(whole);
  if (!is_last) {
    first.Finish(next.maxima.of_segments);
    second.Finish(next.maxima.of_segments + kGroups);
  }
  if (found.count() < k || found.count() > kMediumK) return found.count();
  float scores[kMediumK];
  for (size_t i = 0; i < kMediumK; ++i)
    scores[i] = ValueAt<T>(row.scores, i < found.count() ? indices[i] : 0);
  const auto eight = [&](size_t from) {
    return SortedEight(EightKeys(scores, indices, from, found.count()));
  };
  const auto sixteen = [&](size_t from) {
    return SortedSixteen::Merge(eight(from), eight(from + 8));
  };
  SortedSixteen best = sixteen(0);
  if (found.count() > 16) best = SortedSixteen::FirstOf(best, sixteen(16));
  _mm512_storeu_si512(keys, best.low);
  _mm512_storeu_si512(keys + 8, best.high);
  return found.count();
}

template <typename T>
constexpr ScoreKernels WithMediumK() {
  ScoreKernels kernels = kKernels<T>;
  kernels.medium_k = MediumK<T>;
  return kernels;
}

}  // namespace
}  // namespace regcore
