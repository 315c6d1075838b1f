// A row of scores by blocks and chunks, in vector registers: for kernels-inl.h.
//
// A row is read in whole blocks, and its end as its last kBlock scores less those that were read
// already. Rows of less than a block go to the portable loops.
#pragma once

#include <limits>

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

constexpr size_t kBlocksPerChunk = kChunk / kBlock;
static_assert(kBlock == kGroups && kBlocksPerChunk == 4);

template <typename T>
constexpr size_t kBlockBytes = kBlock * sizeof(typename T::Storage);

inline Lanes None() { return Lanes::All(-std::numeric_limits<float>::infinity()); }

inline Lanes LanesOf(const float* numbers) {
  return Lanes::Load(Float32{}, reinterpret_cast<const uint8_t*>(numbers));
}

inline float KthLargest(const float* numbers, size_t k) { return LanesOf(numbers).KthLargest(k); }

template <typename T>
Lanes BlockAt(const uint8_t* row, size_t block) {
  return Lanes::Load(T{}, row + block * kBlockBytes<T>);
}

// A block that is read once, in order.
template <typename T>
Lanes NextBlock(const uint8_t* row, size_t block, ptrdiff_t ahead) {
  constexpr size_t kBlocksPerLine = 64 / kBlockBytes<T>;  // of the cache
  if (block % kBlocksPerLine == 0) __builtin_prefetch(row + block * kBlockBytes<T> + ahead);
  return BlockAt<T>(row, block);
}

// The classes % kBlock scores after the last whole block, and NaN in the other lanes.
template <typename T>
Lanes Tail(const uint8_t* row, size_t classes) {
  const uint8_t* last = row + (classes - kBlock) * sizeof(typename T::Storage);
  return Lanes::Load(T{}, last).LastFirst(classes % kBlock);
}

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

}  // namespace
}  // namespace regcore
