#include <algorithm>
#include <cmath>
#include <limits>

#include "scores/row_scan.h"

namespace regcore {
namespace {

template <typename T>
void Maxima(const uint8_t* row, size_t classes, size_t segments, float* of_chunks,
            float* of_groups) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  std::fill_n(of_chunks, ChunksOf(classes), kNone);
  std::fill_n(of_groups, kGroups * segments, kNone);
  for (size_t chunk = 0; chunk < ChunksOf(classes); ++chunk) {
    float* groups = of_groups + kGroups * (chunk % segments);
    for (size_t i = kChunk * chunk; i < std::min(kChunk * (chunk + 1), classes); ++i) {
      const float score = ValueAt<T>(row, i);
      if (score > of_chunks[chunk]) of_chunks[chunk] = score;
      if (score > groups[i % kGroups]) groups[i % kGroups] = score;
    }
  }
}

template <typename T>
void AtLeast(const uint8_t* row, size_t classes, const float* of_chunks, float threshold,
             uint64_t* chunks, uint64_t* scores) {
  std::fill_n(chunks, (ChunksOf(classes) + 63) / 64, uint64_t{0});
  for (size_t chunk = 0; chunk < ChunksOf(classes); ++chunk) {
    if (of_chunks[chunk] < threshold) continue;
    scores[chunk] = 0;
    for (size_t i = kChunk * chunk; i < std::min(kChunk * (chunk + 1), classes); ++i) {
      if (ValueAt<T>(row, i) >= threshold) scores[chunk] |= uint64_t{1} << i % kChunk;
    }
    chunks[chunk / 64] |= uint64_t{1} << chunk % 64;
  }
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
constexpr RowScan kScan = {Maxima<T>, AtLeast<T>, Compare<T>};

}  // namespace

const RowScan kRowScanPortable[kScoreTypes] = {kScan<Float32>, kScan<Float16>, kScan<Bfloat16>,
                                               kScan<Int8>, kScan<Uint8>};

}  // namespace regcore
