// ScoreKernels::find_few of NEON.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "scores/row_search/chunk_scan_neon-inl.h"
#include "scores/row_search/found_indices-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/sorted_lanes_neon-inl.h"

namespace regcore {
namespace {

// kth: of the maxima of all segments.
template <size_t kPairs, typename T>
size_t FindFewAndBound(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
                       size_t segments, float (*kth)(const float*, size_t), uint32_t* indices) {
  const auto threshold = Codes<T>::All(*row.maxima.bound);
  uint64_t left = ChunksAtLeast(row.maxima.of_chunks, 0, ChunksOf(classes), threshold);
  FoundIndices found(indices);
  const auto look_into_one = [&] {
    const size_t chunk = static_cast<size_t>(std::countr_zero(left));
    left &= left - 1;
    found.Add<kPairs>(kChunk * chunk, ChunkAtLeast<T>(row.scores, classes, chunk, threshold));
  };
  // One of these with each chunk of the next row, until there is none: that is one branch foretold
  // wrongly, where a branch on each chunk of this row would be several.
  const SearchedRow& other = next.scores == nullptr ? row : next;  // without one, this row again
  FindMaximaAnd<ChunkMaxima<T>>(other, classes, segments, [&] {
    if (left != 0) look_into_one();
  });
  while (left != 0) look_into_one();
  *other.maxima.bound = kth(other.maxima.of_segments, k);
  return found.count();
}

template <typename T>
size_t FindFew(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
               size_t segments, uint32_t* indices) {
  if (segments == 1) {
    return FindFewAndBound<1, T>(row, next, classes, k, segments, KthLargest, indices);
  }
  return FindFewAndBound<2, T>(row, next, classes, k, segments, KthLargestOfTwo, indices);
}

}  // namespace
}  // namespace regcore
