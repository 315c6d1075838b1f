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

// The maxima of the chunks [first, last) of a row, and of these chunks together, some at a time.
template <typename T>
class StepwiseMaxima {
 public:
  StepwiseMaxima(const SearchedRow& row, size_t classes, size_t first, size_t last, size_t step)
      : row_(row), classes_(classes), last_(last), step_(step), next_(first) {
    whole_ = last < classes / kChunk ? last : classes / kChunk;
  }

  void Step() {
    const size_t end = next_ + step_ < whole_ ? next_ + step_ : whole_;
    for (; next_ < end; ++next_) Add(WholeChunk<T>(row_.scores, next_, row_.ahead));
  }

  // Those of all chunks together go to `of_segment`.
  void Finish(float* of_segment) {
    while (next_ < whole_) Step();
    if (next_ < last_) Add(LastChunk<T>(row_.scores, classes_, row_.ahead));
    best_.Store(of_segment);
  }

 private:
  void Add(Lanes chunk) {
    chunk.Store(row_.maxima.of_chunks + kGroups * next_);
    best_ = chunk.MaxWith(best_);
  }

  const SearchedRow row_;
  const size_t classes_;
  const size_t last_;
  const size_t step_;
  size_t whole_;  // the end of those with kChunk scores
  size_t next_;
  Lanes best_ = None();
};

}  // namespace
}  // namespace regcore
