// NEON: a row of scores chunk by chunk, after kernels-inl.h and Codes.
//
// To make bits of a comparison costs more here than to find the largest score of a chunk: so only
// the chunks whose largest score reaches a number are compared with it, score by score.
#pragma once

#include <cstring>

#include "scores/row_search/codes_neon-inl.h"
#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

template <typename T>
constexpr size_t kChunkBytes = kChunk * sizeof(typename T::Storage);

inline void PrefetchChunk(const uint8_t* scores, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(scores + i);
}

// The maxima of some chunks of a row together, and the largest code of each: this, or a NaN if
// there is one, is what Maxima::of_chunks has here, one Code<T> after the other.
template <typename T>
class ChunkMaxima {
 public:
  ChunkMaxima(const SearchedRow& row, size_t classes) : row_(row), classes_(classes) {}

  // GCC would call it, with best_ in memory.
  [[gnu::always_inline]] void AddWhole(size_t chunk) {
    const uint8_t* scores = row_.scores + kChunkBytes<T> * chunk;
    PrefetchChunk(scores + row_.ahead, kChunkBytes<T>);
    const auto block = [&](size_t i) { return Codes<T>::Load(scores + i * kBlockBytes<T>); };
    const auto low = Codes<T>::Larger(block(0), block(1));
    const auto high = Codes<T>::Larger(block(2), block(3));
    Add(chunk, Codes<T>::Larger(low, high));
  }

  // The last chunk of the row, if it has fewer than kChunk scores.
  void AddRest() {
    const size_t rest = classes_ % kChunk;
    if (rest == 0) return;
    const uint8_t* end = row_.scores + classes_ * sizeof(typename T::Storage);
    Codes<T> best = Codes<T>::Lowest();
    for (size_t block = 1; block <= rest / kBlock; ++block) {
      best = Codes<T>::Larger(best, Codes<T>::Load(end - block * kBlockBytes<T>));
    }
    if (rest % kBlock != 0) {
      const uint8_t* last = end - (rest / kBlock + 1) * kBlockBytes<T>;
      best = Codes<T>::Larger(best, Codes<T>::Load(last).Last(rest % kBlock));
    }
    Add(classes_ / kChunk, best);
  }

  void Store(float* of_segment) const { best_.Scores().Store(of_segment); }

 private:
  void Add(size_t chunk, const Codes<T>& maxima) {
    const Code<T> largest = maxima.Largest();
    uint8_t* of_chunks = reinterpret_cast<uint8_t*>(row_.maxima.of_chunks);
    std::memcpy(of_chunks + sizeof(largest) * chunk, &largest, sizeof(largest));
    best_ = Codes<T>::LargerNumbers(best_, maxima);
  }

  const SearchedRow row_;
  const size_t classes_;
  Codes<T> best_ = Codes<T>::Lowest();
};

template <typename T>
uint64_t AtLeastOf(const uint8_t* scores, const Codes<T>& threshold) {
  const auto bytes = [&](size_t block) {
    return Codes<T>::Load(scores + block * kBlockBytes<T>).AtLeast(threshold);
  };
  return BitsOf(bytes(0), bytes(1), bytes(2), bytes(3));
}

// Bit i: chunk first + i may have scores >= threshold, of at most 64 chunks [first, last).
template <typename T>
uint64_t ChunksAtLeast(const float* of_chunks, size_t first, size_t last,
                       const Codes<T>& threshold) {
  uint64_t found = 0;
  for (size_t chunk = first; chunk < last; chunk += kGroups) {
    // There is room for kGroups floats for each chunk, so that those past the last can be read.
    const uint8_t* codes = reinterpret_cast<const uint8_t*>(of_chunks) + sizeof(Code<T>) * chunk;
    found |= BitsOf(Codes<T>::LoadCodes(codes).MayBeAtLeast(threshold)) << (chunk - first);
  }
  return found & (~uint64_t{0} >> (64 - (last - first)));
}

template <typename T>
size_t CodesAtLeast(const SearchedRow& row, size_t classes, float threshold, size_t limit,
                    uint32_t* indices) {
  if (threshold > T::kHighest) return 0;
  return AtLeast<T, Codes<T>>(row, classes, threshold, limit, indices);
}

}  // namespace
}  // namespace regcore
