// A row of scores as floats, chunk by chunk, with the maxima of its groups: for x86, whose Lanes
// have
//
//   Lanes::All(x)                 kBlock times x
//   lanes.MaxWith(best)           lane by lane, where NaN loses; `best` has no NaN
//   lanes.AtLeast(threshold)      bit i: lane i >= threshold
//   lanes.AnyAtLeast(threshold)   of lanes without NaN
//   lanes.KthLargest(k)           of lanes without NaN, 1 <= k <= kBlock
#pragma once

#include <limits>

#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

inline Lanes LanesOf(const float* numbers) {
  return Lanes::Load(Float32{}, reinterpret_cast<const uint8_t*>(numbers));
}

inline float KthLargest(const float* numbers, size_t k) { return LanesOf(numbers).KthLargest(k); }

inline Lanes None() { return Lanes::All(-std::numeric_limits<float>::infinity()); }

// The maxima of a chunk's lanes; only the last chunk of a row may have less than kChunk scores.
template <typename T>
Lanes WholeChunk(const uint8_t* row, size_t chunk, ptrdiff_t ahead) {
  Lanes best = None();
  for (size_t i = 0; i < kBlocksPerChunk; ++i) {
    best = NextBlock<T>(row, kBlocksPerChunk * chunk + i, ahead).MaxWith(best);
  }
  return best;
}

template <typename T>
Lanes LastChunk(const uint8_t* row, size_t classes, ptrdiff_t ahead) {
  Lanes best = None();
  for (size_t block = classes / kChunk * kBlocksPerChunk; block < classes / kBlock; ++block) {
    best = NextBlock<T>(row, block, ahead).MaxWith(best);
  }
  return classes % kBlock == 0 ? best : Tail<T>(row, classes).MaxWith(best);
}

// The maxima of some chunks of a row, each of them and all together.
template <typename T>
class FloatMaxima {
 public:
  FloatMaxima(const SearchedRow& row, size_t classes) : row_(row), classes_(classes) {}

  void AddWhole(size_t chunk) { Add(chunk, WholeChunk<T>(row_.scores, chunk, row_.ahead)); }

  // The last chunk of the row, if it has fewer than kChunk scores.
  void AddRest() {
    if (classes_ % kChunk == 0) return;
    Add(classes_ / kChunk, LastChunk<T>(row_.scores, classes_, row_.ahead));
  }

  void Store(float* of_segment) const { best_.Store(of_segment); }

 private:
  void Add(size_t chunk, Lanes maxima) {
    maxima.Store(row_.maxima.of_chunks + kGroups * chunk);
    best_ = maxima.MaxWith(best_);
  }

  const SearchedRow row_;
  const size_t classes_;
  Lanes best_ = None();
};

// Bit i: score i of kChunk scores of type T is >= threshold.
template <typename T>
uint64_t AtLeastOf(const uint8_t* scores, Lanes threshold) {
  uint64_t found = 0;
  for (size_t i = 0; i < kBlocksPerChunk; ++i) {
    found |= uint64_t{BlockAt<T>(scores, i).AtLeast(threshold)} << kBlock * i;
  }
  return found;
}

// Bit i: chunk first + i has scores >= threshold, of at most 64 chunks [first, last).
inline uint64_t ChunksAtLeast(const float* of_chunks, size_t first, size_t last, Lanes threshold) {
  uint64_t found = 0;
  for (size_t chunk = first; chunk < last; ++chunk) {
    const bool any = LanesOf(of_chunks + kGroups * chunk).AnyAtLeast(threshold);
    found |= uint64_t{any} << (chunk - first);
  }
  return found;
}

}  // namespace
}  // namespace regcore
