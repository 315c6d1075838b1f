// A row of scores by blocks, in vector registers: for kernels-inl.h.
//
// A row is read in whole blocks, and its end as its last kBlock scores less those that were read
// already. Rows of less than a block go to the portable loops.
#pragma once

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

constexpr size_t kBlocksPerChunk = kChunk / kBlock;
static_assert(kBlock == kGroups && kBlocksPerChunk == 4);

template <typename T>
constexpr size_t kBlockBytes = kBlock * sizeof(typename T::Storage);

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

}  // namespace
}  // namespace regcore
