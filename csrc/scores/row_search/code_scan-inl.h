// A row of scores of 8 or 16 bits, chunk by chunk: after kernels-inl.h and an instruction set's
//
//   Codes<T>                        kCount scores of type T in a register, as integers
//     Codes<T>::Lowest()            none is below it
//     Codes<T>::Load(memory)
//     Codes<T>::All(threshold)      the lowest that is no lower score
//     codes.Last(n)                 the last n, and the lowest in place of the others
//     codes.MaxWith(codes)
//     codes.AtLeast(threshold)      bit i: code i >= threshold
//     codes.Groups()                Lanes: the largest score of each of kGroups groups
//
// It is compared with a number as fast as with the maxima of chunks, so that it has none of these.
#pragma once

#include <bit>
#include <cmath>
#include <limits>

#include "scores/row_search/code_order-inl.h"
#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// As FloatMaxima, without those of each chunk.
template <typename T>
class CodeMaxima {
 public:
  CodeMaxima(const SearchedRow& row, size_t classes) : row_(row), classes_(classes) {}

  void AddWhole(size_t chunk) {
    for (size_t i = 0; i < kChunk; i += kCount) Add(kChunk * chunk + i);
  }

  void AddRest() {
    size_t i = classes_ / kChunk * kChunk;
    for (; i + kCount <= classes_; i += kCount) Add(i);
    if (i == classes_) return;
    const Codes<T> last = Codes<T>::Load(row_.scores + (classes_ - kCount) * kBytes);
    best_ = last.Last(classes_ - i).MaxWith(best_);
  }

  void Store(float* of_segment) const { best_.Groups().Store(of_segment); }

 private:
  static constexpr size_t kCount = Codes<T>::kCount;
  static constexpr size_t kBytes = sizeof(typename T::Storage);

  void Add(size_t index) {
    const uint8_t* scores = row_.scores + index * kBytes;
    __builtin_prefetch(scores + row_.ahead);
    best_ = Codes<T>::Load(scores).MaxWith(best_);
  }

  const SearchedRow row_;
  const size_t classes_;
  Codes<T> best_ = Codes<T>::Lowest();
};

template <typename T>
uint64_t AtLeastOf(const uint8_t* scores, Codes<T> threshold) {
  uint64_t found = 0;
  for (size_t i = 0; i < kChunk; i += Codes<T>::kCount) {
    found |= Codes<T>::Load(scores + i * sizeof(typename T::Storage)).AtLeast(threshold) << i;
  }
  return found;
}

template <typename T>
size_t CodesAtLeast(const SearchedRow& row, size_t classes, float threshold, size_t limit,
                    uint32_t* indices) {
  if (threshold > T::kHighest) return 0;
  const Codes<T> all = Codes<T>::All(threshold);
  size_t count = 0;
  for (size_t chunk = 0; chunk < ChunksOf(classes) && count < limit; ++chunk) {
    const uint64_t scores = ChunkAtLeast<T>(row.scores, classes, chunk, all);
    count += PutIndices(kChunk * chunk, scores, indices + count);
  }
  return count;
}

template <typename T>
Comparison CompareCodes(const uint8_t* row, size_t classes, float score, ptrdiff_t ahead) {
  if (classes < kChunk) return Compare<T>(row, classes, score, ahead);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const bool is_highest = score == T::kHighest;
  const Codes<T> least = Codes<T>::All(score);
  const Codes<T> more = is_highest ? least : Codes<T>::All(std::nextafter(score, kInfinity));
  const Codes<T> lowest = kHasNan<T> ? Codes<T>::All(-kInfinity) : Codes<T>::Lowest();
  const auto count = [&](size_t chunk, Codes<T> threshold) {
    return static_cast<size_t>(std::popcount(ChunkAtLeast<T>(row, classes, chunk, threshold)));
  };
  size_t not_below = 0, above = 0, numbers = 0;
  for (size_t chunk = 0; chunk < ChunksOf(classes); ++chunk) {
    constexpr size_t kBytes = kChunk * sizeof(typename T::Storage);
    for (size_t i = 0; i < kBytes; i += 64) {
      __builtin_prefetch(row + kBytes * chunk + i + ahead);
    }
    not_below += count(chunk, least);
    above += count(chunk, more);
    if constexpr (kHasNan<T>) numbers += count(chunk, lowest);
  }
  if (is_highest) above = 0;
  return {above, not_below - above, kHasNan<T> && numbers != classes};
}

}  // namespace
}  // namespace regcore
