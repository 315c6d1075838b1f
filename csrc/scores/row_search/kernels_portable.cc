#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

template <typename T>
void FindMaxima(const SearchedRow& row, size_t classes, size_t segments) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  std::fill_n(row.maxima.of_chunks, kGroups * ChunksOf(classes), kNone);
  std::fill_n(row.maxima.of_segments, kGroups * segments, kNone);
  for (size_t i = 0; i < classes; ++i) {
    const size_t chunk = i / kChunk, group = i % kGroups;
    const float score = ValueAt<T>(row.scores, i);
    float* of_chunk = row.maxima.of_chunks + kGroups * chunk + group;
    float* of_group = row.maxima.of_segments + kGroups * (chunk % segments) + group;
    if (score > *of_chunk) *of_chunk = score;
    if (score > *of_group) *of_group = score;
  }
}

// Of `count` numbers, at most 2 * kGroups.
float KthLargestOf(const float* numbers, size_t count, size_t k) {
  float ordered[2 * kGroups];
  std::copy_n(numbers, count, ordered);
  std::nth_element(ordered, ordered + k - 1, ordered + count, std::greater<>());
  return ordered[k - 1];
}

float KthLargest(const float* numbers, size_t k) { return KthLargestOf(numbers, kGroups, k); }

template <typename T>
size_t AtLeast(const SearchedRow& row, size_t classes, float threshold, size_t limit,
               uint32_t* indices) {
  size_t count = 0;
  for (size_t chunk = 0; chunk < ChunksOf(classes); ++chunk) {
    const float* maxima = row.maxima.of_chunks + kGroups * chunk;
    if (*std::max_element(maxima, maxima + kGroups) < threshold) continue;
    for (size_t i = kChunk * chunk; i < std::min(kChunk * (chunk + 1), classes); ++i) {
      if (ValueAt<T>(row.scores, i) >= threshold) indices[count++] = static_cast<uint32_t>(i);
      if (count == limit) return count;
    }
  }
  return count;
}

template <typename T>
size_t FindFew(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
               size_t segments, uint32_t* indices) {
  if (next.scores != nullptr) {
    FindMaxima<T>(next, classes, segments);
    *next.maxima.bound = KthLargestOf(next.maxima.of_segments, kGroups * segments, k);
  }
  return AtLeast<T>(row, classes, *row.maxima.bound, classes, indices);
}

template <typename T>
void OrderFew(const uint8_t* row, uint32_t* indices, size_t count, uint64_t* keys) {
  for (size_t i = 0; i < count; ++i) {
    keys[i] = KeyOfNumber(ValueAt<T>(row, indices[i]), indices[i]);
  }
  std::sort(keys, keys + count);
}

template <typename T>
Comparison Compare(const uint8_t* row, size_t classes, float score, ptrdiff_t) {
  Comparison result;
  for (size_t i = 0; i < classes; ++i) {
    const float other = ValueAt<T>(row, i);
    result.above += other > score;
    result.equal += other == score;
    result.nan |= std::isnan(other);
  }
  return result;
}

template <typename T>
constexpr ScoreKernels kKernels = {FindMaxima<T>, KthLargest, AtLeast<T>,
                                   Compare<T>,    FindFew<T>, OrderFew<T>};

}  // namespace

const ScoreKernels kScoreKernelsPortable[kScoreTypes] = {
    kKernels<Float32>, kKernels<Float16>, kKernels<Bfloat16>, kKernels<Int8>, kKernels<Uint8>};

}  // namespace regcore
