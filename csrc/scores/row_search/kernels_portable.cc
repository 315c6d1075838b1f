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

float KthLargest(const float* numbers, size_t k) {
  float ordered[kGroups];
  std::copy_n(numbers, kGroups, ordered);
  std::nth_element(ordered, ordered + k - 1, ordered + kGroups, std::greater<>());
  return ordered[k - 1];
}

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
bool SmallK(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
            uint64_t* keys) {
  if (next.scores != nullptr) {
    FindMaxima<T>(next, classes, 1);
    *next.maxima.bound = KthLargest(next.maxima.of_segments, k);
  }
  uint32_t indices[kSmallK + 1];
  const size_t count = AtLeast<T>(row, classes, *row.maxima.bound, kSmallK + 1, indices);
  if (count < k || count > kSmallK) return false;
  for (size_t i = 0; i < count; ++i) {
    keys[i] = KeyOfNumber(ValueAt<T>(row.scores, indices[i]), indices[i]);
  }
  std::sort(keys, keys + count);
  return true;
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
constexpr ScoreKernels kKernels = {FindMaxima<T>, KthLargest, AtLeast<T>, Compare<T>,
                                   nullptr,       nullptr,    SmallK<T>};

}  // namespace

// By a network of 19 exchanges; tests/cpp/kernels/topk_test.cc tries every order.
void OrderSmallK(uint64_t* keys) {
  uint64_t sorted[kSmallK];
  std::copy_n(keys, kSmallK, sorted);
  // By mask: of std::min and std::max compilers make branches, and every second one is
  // mispredicted.
  const auto exchange = [&sorted](size_t i, size_t j) {
    const uint64_t difference = (sorted[i] ^ sorted[j]) & -uint64_t{sorted[j] < sorted[i]};
    sorted[i] ^= difference;
    sorted[j] ^= difference;
  };
  exchange(0, 2), exchange(1, 3), exchange(4, 6), exchange(5, 7);
  exchange(0, 4), exchange(1, 5), exchange(2, 6), exchange(3, 7);
  exchange(0, 1), exchange(2, 3), exchange(4, 5), exchange(6, 7);
  exchange(2, 4), exchange(3, 5);
  exchange(1, 4), exchange(3, 6);
  exchange(1, 2), exchange(3, 4), exchange(5, 6);
  std::copy_n(sorted, kSmallK, keys);
}

const ScoreKernels kScoreKernelsPortable[kScoreTypes] = {
    kKernels<Float32>, kKernels<Float16>, kKernels<Bfloat16>, kKernels<Int8>, kKernels<Uint8>};

}  // namespace regcore
