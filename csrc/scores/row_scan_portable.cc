#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "scores/row_scan.h"

namespace regcore {
namespace {

template <typename T>
void Maxima(const uint8_t* row, size_t classes, size_t segments, float* of_chunks,
            float* of_segments) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  std::fill_n(of_chunks, kGroups * ChunksOf(classes), kNone);
  std::fill_n(of_segments, kGroups * segments, kNone);
  for (size_t i = 0; i < classes; ++i) {
    const size_t chunk = i / kChunk, group = i % kGroups;
    const float score = ValueAt<T>(row, i);
    float* of_chunk = of_chunks + kGroups * chunk + group;
    float* of_group = of_segments + kGroups * (chunk % segments) + group;
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
size_t AtLeast(const uint8_t* row, size_t classes, const float* of_chunks, float threshold,
               size_t limit, uint32_t* indices) {
  size_t count = 0;
  for (size_t chunk = 0; chunk < ChunksOf(classes); ++chunk) {
    const float* maxima = of_chunks + kGroups * chunk;
    if (*std::max_element(maxima, maxima + kGroups) < threshold) continue;
    for (size_t i = kChunk * chunk; i < std::min(kChunk * (chunk + 1), classes); ++i) {
      if (ValueAt<T>(row, i) >= threshold) indices[count++] = static_cast<uint32_t>(i);
      if (count == limit) return count;
    }
  }
  return count;
}

template <typename T>
Comparison Compare(const uint8_t* row, size_t classes, float score) {
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
constexpr RowScan kScan = {Maxima<T>, KthLargest, AtLeast<T>, Compare<T>};

}  // namespace

const RowScan kRowScanPortable[kScoreTypes] = {kScan<Float32>, kScan<Float16>, kScan<Bfloat16>,
                                               kScan<Int8>, kScan<Uint8>};

}  // namespace regcore
