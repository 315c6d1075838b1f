// The loops of the vector kernels, to be included by each instruction set behind its own
//
//   Lanes                           kBlock floats in registers
//     Lanes::All(x)                 kBlock times x
//     Lanes::Load(T{}, memory)      kBlock scores of type T
//     lanes.WithoutFirst(n)         NaN instead of the first n < kBlock
//     lanes.MaxWith(best)           lane by lane, where NaN loses; `best` has no NaN
//     lanes.Largest()               of lanes without NaN
//     lanes.AtLeast(threshold)      bit i: lane i >= threshold
//     lanes.Store(memory)
//   LaneCounts(score)
//     counts.Add(lanes), counts.Sum(lanes in all that were no padding)
//
// A row is read in whole blocks, and its end as its last kBlock scores less those that were read
// already. Rows of less than a block go to the portable loops.
#pragma once

#include <limits>

#include "scores/row_scan.h"

namespace regcore {
namespace {

constexpr size_t kBlocksPerChunk = kChunk / kBlock;
static_assert(kBlock == kGroups && kBlocksPerChunk == 4);

// Half a page. The next row has to arrive while this one is searched; hardware does not look so far
// ahead, and to ask for more than a page ahead was slower than not to ask.
constexpr size_t kAheadBytes = 2048;

template <typename T>
constexpr size_t kBlockBytes = kBlock * sizeof(typename T::Storage);

inline Lanes None() { return Lanes::All(-std::numeric_limits<float>::infinity()); }

template <typename T>
Lanes BlockAt(const uint8_t* row, size_t block) {
  return Lanes::Load(T{}, row + block * kBlockBytes<T>);
}

// The classes % kBlock scores behind the last whole block, in the last lanes.
template <typename T>
Lanes Tail(const uint8_t* row, size_t classes) {
  const uint8_t* last = row + (classes - kBlock) * sizeof(typename T::Storage);
  return Lanes::Load(T{}, last).WithoutFirst(kBlock - classes % kBlock);
}

// kCache: 2 leaves the first-level cache to the row at hand, which is read twice.
template <typename T, int kCache>
void Prefetch(const uint8_t* row, size_t block) {
  __builtin_prefetch(row + block * kBlockBytes<T> + kAheadBytes, 0, kCache);
}

// A lane's maxima in one whole chunk.
template <typename T>
Lanes WholeChunk(const uint8_t* row, size_t chunk) {
  const size_t block = kBlocksPerChunk * chunk;
  for (size_t i = 0; i < kBlocksPerChunk; ++i) Prefetch<T, 2>(row, block + i);
  const Lanes low = BlockAt<T>(row, block).MaxWith(None());
  const Lanes high = BlockAt<T>(row, block + 1).MaxWith(None());
  return BlockAt<T>(row, block + 2).MaxWith(low).MaxWith(BlockAt<T>(row, block + 3).MaxWith(high));
}

// The same of the chunk that the row ends in.
template <typename T>
Lanes LastChunk(const uint8_t* row, size_t classes) {
  Lanes best = None();
  for (size_t block = classes / kChunk * kBlocksPerChunk; block < classes / kBlock; ++block) {
    best = BlockAt<T>(row, block).MaxWith(best);
  }
  return classes % kBlock == 0 ? best : Tail<T>(row, classes).MaxWith(best);
}

template <typename T>
void Maxima(const uint8_t* row, size_t classes, size_t segments, float* of_chunks,
            float* of_groups) {
  const size_t whole = classes / kChunk;
  for (size_t segment = 0; segment < segments; ++segment) {
    Lanes best = None();
    const size_t end = whole * (segment + 1) / segments;
    for (size_t chunk = whole * segment / segments; chunk < end; ++chunk) {
      const Lanes lanes = WholeChunk<T>(row, chunk);
      of_chunks[chunk] = lanes.Largest();
      best = lanes.MaxWith(best);
    }
    if (segment + 1 == segments && classes % kChunk != 0) {
      const Lanes lanes = LastChunk<T>(row, classes);
      of_chunks[whole] = lanes.Largest();
      best = lanes.MaxWith(best);
    }
    best.Store(of_groups + kGroups * segment);
  }
}

template <typename T>
uint64_t ChunkAtLeast(const uint8_t* row, size_t classes, size_t chunk, Lanes threshold) {
  const size_t first = kBlocksPerChunk * chunk;
  uint64_t found = 0;
  for (size_t i = 0; i < kBlocksPerChunk && first + i < classes / kBlock; ++i) {
    found |= uint64_t{BlockAt<T>(row, first + i).AtLeast(threshold)} << kBlock * i;
  }
  if (const size_t rest = classes % kBlock; rest != 0 && chunk == classes / kChunk) {
    const uint64_t tail = Tail<T>(row, classes).AtLeast(threshold) >> (kBlock - rest);
    found |= tail << classes % kChunk / kBlock * kBlock;
  }
  return found;
}

template <typename T>
void AtLeast(const uint8_t* row, size_t classes, const float* of_chunks, float threshold,
             uint64_t* chunks, uint64_t* scores) {
  const Lanes all = Lanes::All(threshold);
  const size_t count = ChunksOf(classes);
  for (size_t word = 0; 64 * word < count; ++word) {
    uint64_t found = 0;
    const size_t end = count < 64 * (word + 1) ? count : 64 * (word + 1);
    size_t chunk = 64 * word;
    for (; chunk + kBlock <= end; chunk += kBlock) {
      const Lanes maxima =
          Lanes::Load(Float32{}, reinterpret_cast<const uint8_t*>(of_chunks + chunk));
      found |= uint64_t{maxima.AtLeast(all)} << chunk % 64;
    }
    for (; chunk < end; ++chunk) found |= uint64_t{of_chunks[chunk] >= threshold} << chunk % 64;
    chunks[word] = found;
    for (; found != 0; found &= found - 1) {
      chunk = 64 * word + static_cast<size_t>(__builtin_ctzll(found));
      scores[chunk] = ChunkAtLeast<T>(row, classes, chunk, all);
    }
  }
}

template <typename T>
Comparison Compare(const uint8_t* row, size_t classes, float score) {
  if (classes < kBlock) {
    return kRowScanPortable[static_cast<size_t>(T::kType)].compare(row, classes, score);
  }
  LaneCounts counts(score);
  for (size_t block = 0; block < classes / kBlock; ++block) {
    Prefetch<T, 3>(row, block);
    counts.Add(BlockAt<T>(row, block));
  }
  if (classes % kBlock != 0) counts.Add(Tail<T>(row, classes));
  return counts.Sum(classes);
}

template <typename T>
constexpr RowScan kScan = {Maxima<T>, AtLeast<T>, Compare<T>};

}  // namespace
}  // namespace regcore
