// The usual search by looking at every chunk once more: ScoreKernels::small_k of scores of 8 and 16
// bits, and medium_k.
//
// Where the scores are that reach the bound, nobody can foretell: so nothing here branches on it,
// unless a chunk has more than usual. The next row's maxima are found in between, chunk by chunk: a
// processor that had only this row to look at would stop asking for memory.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstddef>

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// The indices of the scores that reach a bound, ascending.
class FoundIndices {
 public:
  explicit FoundIndices(uint32_t* indices) : first_(indices), end_(indices) {}

  // Those of the chunk that begins with index `begin` are the bits that are set, mostly at most
  // kUsual of them.
  template <size_t kUsual>
  void Add(size_t begin, uint64_t bits) {
    const auto index_of_lowest = [&] { return static_cast<uint32_t>(begin + _tzcnt_u64(bits)); };
    uint32_t* next = end_;
    end_ += std::popcount(bits);
    for (size_t i = 0; i < kUsual; ++i, bits &= bits - 1) *next++ = index_of_lowest();
    for (; bits != 0; bits &= bits - 1) *next++ = index_of_lowest();
  }

  size_t count() const { return static_cast<size_t>(end_ - first_); }

 private:
  uint32_t* const first_;
  uint32_t* end_;
};

// How rows are read: as floats, or as codes.
template <typename T>
struct FloatChunks {
  using Score = T;
  using Maxima = StepwiseMaxima<T>;
  using Threshold = Lanes;
};

template <typename T>
struct CodeChunks {
  using Score = T;
  using Maxima = StepwiseCodeMaxima<T>;
  using Threshold = Codes<T>;
};

template <typename Chunks, typename FirstKeys>
class FewBest {
 public:
  static bool OfOneSegment(const SearchedRow& row, const SearchedRow& next, size_t classes,
                           size_t k, uint64_t* keys) {
    return Find<2>(row, next, classes, k, KthLargest, ChunksOf(classes), keys);
  }

  static bool OfTwoSegments(const SearchedRow& row, const SearchedRow& next, size_t classes,
                            size_t k, uint64_t* keys) {
    const size_t half = classes / kChunk / 2;  // as FindMaxima divides a row
    return Find<3>(row, next, classes, k, KthLargestOfTwo, half, keys);
  }

 private:
  using T = typename Chunks::Score;

  // The next row's chunks from `half` on are its second segment.
  template <size_t kUsual>
  static bool Find(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
                   float (*kth)(const float*, size_t), size_t half, uint64_t* keys) {
    const size_t whole = classes / kChunk, chunks = ChunksOf(classes);
    const bool is_last = next.scores == nullptr;
    typename Chunks::Maxima first(next, classes, 0, is_last ? 0 : half, 1);
    typename Chunks::Maxima second(next, classes, is_last ? 0 : half, is_last ? 0 : chunks, 1);
    const auto threshold = Chunks::Threshold::All(*row.maxima.bound);
    uint32_t indices[kChunk * kSmallKChunks + kMediumK];
    FoundIndices found(indices);
    const auto add_chunk = [&](size_t chunk) {
      found.template Add<kUsual>(kChunk * chunk,
                                 ChunkAtLeast<T>(row.scores, classes, chunk, threshold));
    };
    for (size_t chunk = 0; chunk < half && chunk < whole; ++chunk) {
      add_chunk(chunk);
      first.Step();
    }
    for (size_t chunk = half; chunk < whole; ++chunk) {
      add_chunk(chunk);
      second.Step();
    }
    if (whole < chunks) add_chunk(whole);
    if (!is_last) {
      first.Finish(next.maxima.of_segments);
      if (half < chunks) second.Finish(next.maxima.of_segments + kGroups);
      *next.maxima.bound = kth(next.maxima.of_segments, k);
    }
    if (found.count() < k || found.count() > kMediumK) return false;
    FirstKeys(row.scores, indices, found.count()).Find(keys);
    return true;
  }
};

constexpr ScoreKernels kOfFloats = {
    FindMaxima<StepwiseMaxima<Float32>>,
    KthLargest,
    AtLeast<Float32>,
    SmallK<Float32>,
    Compare<Float32>,
    FewBest<FloatChunks<Float32>, FirstKeys64<Float32>>::OfTwoSegments};

template <typename T>
using BestOfCodes = FewBest<CodeChunks<T>, FirstKeys32<T>>;

template <typename T>
constexpr ScoreKernels kOfCodes = {
    FindMaxima<StepwiseCodeMaxima<T>>, KthLargest,      CodesAtLeast<T>,
    BestOfCodes<T>::OfOneSegment,      CompareCodes<T>, BestOfCodes<T>::OfTwoSegments};

}  // namespace
}  // namespace regcore
