// ScoreKernels::medium_k of AVX-512: for kernels_avx512.cc, after kernels-inl.h.
//
// Where the scores are that reach the bound, nobody can foretell: so nothing here branches on it,
// unless a chunk has more than usual. The next row's maxima are found in between, chunk by chunk: a
// processor that had only this row to look at would stop asking for memory.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>

#include "scores/group_maxima-inl.h"
#include "scores/kernels.h"

namespace regcore {
namespace {

// Every lane and the one `kStep` from it, of which one keeps the larger number: the upper one in
// runs of `kRun` lanes that are to ascend, which every second run is not; or the other way round.
template <int kStep, int kRun, bool kDescending>
inline __m512 ExchangeLanes(__m512 v) {
  constexpr __mmask16 kKeepsLarger = [] {
    unsigned mask = 0;
    for (int lane = 0; lane < 16; ++lane) {
      const bool is_upper = (lane & kStep) != 0, is_second = (lane & kRun) != 0;
      mask |= unsigned{(is_upper != is_second) != kDescending} << lane;
    }
    return static_cast<__mmask16>(mask);
  }();
  __m512 others;
  if constexpr (kStep < 4) {
    others = _mm512_permute_ps(v, kStep == 1 ? 0b10110001 : 0b01001110);
  } else {
    others = _mm512_shuffle_f32x4(v, v, kStep == 4 ? 0b10110001 : 0b01001110);
  }
  return _mm512_mask_max_ps(_mm512_min_ps(v, others), kKeepsLarger, v, others);
}

// Runs of `kRun` lanes that rise and then fall, or the other way round, each in order.
template <int kRun, bool kDescending>
inline __m512 MergedRuns(__m512 v) {
  if constexpr (kRun >= 16) v = ExchangeLanes<8, kRun, kDescending>(v);
  if constexpr (kRun >= 8) v = ExchangeLanes<4, kRun, kDescending>(v);
  if constexpr (kRun >= 4) v = ExchangeLanes<2, kRun, kDescending>(v);
  return ExchangeLanes<1, kRun, kDescending>(v);
}

// Batcher's bitonic sort.
template <bool kDescending>
inline __m512 SortedLanes(__m512 v) {
  v = MergedRuns<4, kDescending>(MergedRuns<2, kDescending>(v));
  return MergedRuns<16, kDescending>(MergedRuns<8, kDescending>(v));
}

// In all lanes, the k-th largest of the 2 * kGroups numbers in `a` and `b`, k <= kGroups.
inline Lanes KthLargestOfTwo(Lanes a, Lanes b, size_t k) {
  // Of one that rises and one that falls, the larger lanes are the larger half of both.
  const __m512 larger = _mm512_max_ps(SortedLanes<false>(a.v), SortedLanes<true>(b.v));
  const int lane = static_cast<int>(kGroups - k);
  return {_mm512_permutexvar_ps(_mm512_set1_epi32(lane), MergedRuns<16, false>(larger))};
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

// The keys of eight scores, and of those past `count`, which may be negative, the largest there is.
inline __m512i EightKeys(const float* scores, const uint32_t* indices, ptrdiff_t count) {
  const __m256 numbers = _mm256_add_ps(_mm256_loadu_ps(scores), _mm256_setzero_ps());
  const __m256i bits = _mm256_castps_si256(numbers);  // see KeyOfNumber
  const __m256i flip = _mm256_andnot_si256(_mm256_srai_epi32(bits, 31),
                                           _mm256_set1_epi32(std::numeric_limits<int>::max()));
  const __m512i high = _mm512_cvtepu32_epi64(_mm256_xor_si256(bits, flip));
  const __m512i index =
      _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(indices)));
  const __m512i keys = _mm512_or_si512(_mm512_slli_epi64(high, 32), index);
  const unsigned there = static_cast<unsigned>(std::clamp<ptrdiff_t>(count, 0, 8));
  const __mmask8 some = static_cast<__mmask8>((1u << there) - 1);
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
  const Lanes bound = KthLargestOfTwo(LanesOf(of_segments), LanesOf(of_segments + kGroups), k);
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
  // Two halves, the second of which few rows have where k is small.
  const bool has_second = found.count() > kMediumK / 2;
  float scores[kMediumK];
  for (size_t i = 0; i < (has_second ? kMediumK : kMediumK / 2); ++i)
    scores[i] = ValueAt<T>(row.scores, i < found.count() ? indices[i] : 0);
  const auto eight = [&](size_t from) {
    const auto there = static_cast<ptrdiff_t>(found.count() - from);
    return SortedEight(EightKeys(scores + from, indices + from, there));
  };
  const auto sixteen = [&](size_t from) {
    return SortedSixteen::Merge(eight(from), eight(from + 8));
  };
  SortedSixteen best = sixteen(0);
  if (has_second) best = SortedSixteen::FirstOf(best, sixteen(16));
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
