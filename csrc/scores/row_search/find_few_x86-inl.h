// ScoreKernels::find_few and order_few of x86, for rows that are read as floats and as codes.
//
// It comes after an instruction set's Lanes, LaneCounts, Codes and KthLargestOfTwo.
#pragma once

#include <cstddef>

#include "scores/row_search/code_scan-inl.h"
#include "scores/row_search/found_indices-inl.h"
#include "scores/row_search/group_maxima-inl.h"
#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/keys32_avx2-inl.h"
#include "scores/row_search/order_few-inl.h"
#include "scores/row_search/slot_maxima-inl.h"

namespace regcore {
namespace {

// How rows are read: as floats, or as codes.
template <typename T>
struct FloatChunks {
  using Score = T;
  using Maxima = FloatMaxima<T>;
  using Threshold = Lanes;
};

template <typename T>
struct CodeChunks {
  using Score = T;
  using Maxima = CodeMaxima<T>;
  using Threshold = Codes<T>;
};

// The row's chunks from `half` on are its second segment.
template <size_t kPairs, typename Chunks>
size_t FindFewInHalves(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
                       float (*kth)(const float*, size_t), size_t half, uint32_t* indices) {
  using T = typename Chunks::Score;
  const size_t whole = classes / kChunk;
  const bool is_last = next.scores == nullptr;
  const SearchedRow& other = is_last ? row : next;  // without a next one, this one again
  typename Chunks::Maxima first(other, classes), second(other, classes);
  const auto threshold = Chunks::Threshold::All(*row.maxima.bound);
  FoundIndices found(indices);
  const uint8_t* const scores = row.scores;
  const auto add_chunk = [&](size_t chunk) {
    constexpr size_t kBytes = kChunk * sizeof(typename T::Storage);
    found.Add<kPairs>(kChunk * chunk, AtLeastOf<T>(scores + kBytes * chunk, threshold));
  };
  for (size_t chunk = 0; chunk < half; ++chunk) {
    add_chunk(chunk);
    first.AddWhole(chunk);
  }
  for (size_t chunk = half; chunk < whole; ++chunk) {
    add_chunk(chunk);
    second.AddWhole(chunk);
  }
  if (whole < ChunksOf(classes)) {
    found.Add<kPairs>(kChunk * whole, ChunkAtLeast<T>(scores, classes, whole, threshold));
  }
  const bool is_halved = half < whole;
  (is_halved ? second : first).AddRest();
  if (!is_last) {
    first.Store(next.maxima.of_segments);
    if (is_halved) second.Store(next.maxima.of_segments + kGroups);
    *next.maxima.bound = kth(next.maxima.of_segments, k);
  }
  return found.count();
}

template <typename Chunks>
size_t FindFew(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
               size_t segments, uint32_t* indices) {
  const size_t whole = classes / kChunk;
  if (segments == 1) {
    return FindFewInHalves<1, Chunks>(row, next, classes, k, KthLargest, whole, indices);
  }
  return FindFewInHalves<2, Chunks>(row, next, classes, k, KthLargestOfTwo, whole / 2, indices);
}

template <typename T>
size_t ScanFew(const SearchedRow& row, size_t classes, uint32_t* indices) {
  constexpr size_t kBytes = kChunk * sizeof(typename T::Storage);
  const auto threshold = Codes<T>::All(*row.maxima.bound);
  const size_t whole = classes / kChunk;
  FoundIndices found(indices);
  for (size_t chunk = 0; chunk < whole; ++chunk) {
    found.Add<1>(kChunk * chunk, AtLeastOf<T>(row.scores + kBytes * chunk, threshold));
  }
  if (whole < ChunksOf(classes)) {
    found.Add<1>(kChunk * whole, ChunkAtLeast<T>(row.scores, classes, whole, threshold));
  }
  return found.count();
}

// Of more scores than so many, two are often in the same slot.
constexpr size_t kSlotK = 5;

template <typename T>
size_t FindFewInSlots(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
                      size_t segments, uint32_t* indices) {
  if (segments != 1 || k > kSlotK) {
    return FindFew<CodeChunks<T>>(row, next, classes, k, segments, indices);
  }
  if (next.scores != nullptr) {
    FindSlotMaxima<T>(next, classes);
    *next.maxima.bound = KthLargest(next.maxima.of_segments, k);
  }
  const size_t count = SlotMaxima<T>::Find(row, indices);
  return count != 0 ? count : ScanFew<T>(row, classes, indices);
}

// Those of slots are for FindFewInSlots, which cannot have rows that are longer.
template <typename T>
void FindMaximaOfSlots(const SearchedRow& row, size_t classes, size_t segments) {
  if (segments == 1 && ChunksOf(classes) <= kSmallKChunks) {
    return FindSlotMaxima<T>(row, classes);
  }
  FindMaxima<CodeMaxima<T>>(row, classes, segments);
}

// order: ScoreKernels::order_few of floats.
constexpr ScoreKernels OfFloats(decltype(ScoreKernels::order_few) order) {
  return {FindMaxima<FloatMaxima<Float32>>, KthLargest, AtLeast<Float32, Lanes>, Compare<Float32>,
          FindFew<FloatChunks<Float32>>,    order};
}

template <typename T>
constexpr ScoreKernels kOfCodes = {kHasSlots<T> ? FindMaximaOfSlots<T> : FindMaxima<CodeMaxima<T>>,
                                   KthLargest,
                                   CodesAtLeast<T>,
                                   CompareCodes<T>,
                                   kHasSlots<T> ? FindFewInSlots<T> : FindFew<CodeChunks<T>>,
                                   OrderFew<KeyOrder32<T>>};

}  // namespace
}  // namespace regcore
