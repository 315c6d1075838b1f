// ScoreKernels::find_few and order_few of x86, for rows that are read as floats and as codes.
//
// It comes after an instruction set's Lanes, LaneCounts, Codes and KthLargestOfTwo.
//
// Where the scores are that reach the bound, nobody can foretell: so nothing here branches on it,
// unless a chunk has more than usual.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "scores/row_search/code_scan-inl.h"
#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/keys32_avx2-inl.h"
#include "scores/row_search/slot_maxima-inl.h"

namespace regcore {
namespace {

// The indices of the scores that reach a bound, ascending.
class FoundIndices {
 public:
  explicit FoundIndices(uint32_t* indices) : first_(indices), end_(indices) {}

  // Those of the chunk that begins with index `begin` are the bits that are set, mostly at most two
  // for each of kPairs.
  template <size_t kPairs>
  void Add(size_t begin, uint64_t bits) {
    uint32_t* next = end_;
    end_ += std::popcount(bits);
    for (size_t i = 0; i < kPairs; ++i) {
      // In one integer, as compilers would make vectors of the two, at twice the cost.
      const uint64_t first = begin + _tzcnt_u64(bits);
      bits &= bits - 1;
      const uint64_t two = (begin + _tzcnt_u64(bits)) << 32 | first;
      bits &= bits - 1;
      std::memcpy(next, &two, sizeof(two));
      next += 2;
    }
    PutIndices(begin, bits, next);
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
size_t FindFewCodes(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
                    size_t segments, uint32_t* indices) {
  if (k > kSlotK) return FindFew<CodeChunks<T>>(row, next, classes, k, segments, indices);
  if (next.scores != nullptr) {
    FindMaxima<SlotMaxima<T>>(next, classes, 1);
    *next.maxima.bound = KthLargest(next.maxima.of_segments, k);
  }
  const size_t count = SlotMaxima<T>::Find(row, indices);
  return count != 0 ? count : ScanFew<T>(row, classes, indices);
}

// Those of slots are for FindFewCodes, which cannot have rows that are longer.
template <typename T>
void FindCodeMaxima(const SearchedRow& row, size_t classes, size_t segments) {
  if (segments == 1 && ChunksOf(classes) <= kSmallKChunks) {
    return FindMaxima<SlotMaxima<T>>(row, classes, 1);
  }
  FindMaxima<CodeMaxima<T>>(row, classes, segments);
}

// Order: KeyOrder32 and its like.
template <typename Order>
void OrderFew(const uint8_t* row, uint32_t* indices, size_t count, uint64_t* keys) {
  using Sixteen = SortedSixteen<typename Order::Eight>;
  const auto eight = [&](size_t first) { return Order::Sorted(row, indices, count, first); };
  std::fill_n(indices + count, 8, 0);
  const auto first = eight(0);
  if (count <= 8) return Order::Store(first, keys);
  std::fill_n(indices + count, 24, 0);
  Sixteen best = Sixteen::Merge(first, eight(8));
  if (count > 16) best = Sixteen::FirstOf(best, Sixteen::Merge(eight(16), eight(24)));
  Order::Store(best.low, keys);
  Order::Store(best.high, keys + 8);
}

// order: ScoreKernels::order_few of floats.
constexpr ScoreKernels OfFloats(decltype(ScoreKernels::order_few) order) {
  return {FindMaxima<FloatMaxima<Float32>>, KthLargest, AtLeast<Float32>, Compare<Float32>,
          FindFew<FloatChunks<Float32>>,    order};
}

template <typename T>
constexpr ScoreKernels kOfCodes = {FindCodeMaxima<T>, KthLargest,      CodesAtLeast<T>,
                                   CompareCodes<T>,   FindFewCodes<T>, OrderFew<KeyOrder32<T>>};

}  // namespace
}  // namespace regcore
