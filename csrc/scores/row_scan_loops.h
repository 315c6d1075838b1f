// The loops of the vector kernels, to be included by each instruction set behind its own
//
//   Lanes                           kBlock floats in registers
//     Lanes::All(x)                 kBlock times x
//     Lanes::Load(T{}, memory)      kBlock scores of type T
//     lanes.WithoutFirst(n)         NaN instead of the first n < kBlock
//     lanes.MaxWith(best)           lane by lane, where NaN loses; `best` has no NaN
//     lanes.AtLeast(threshold)      bit i: lane i >= threshold
//     lanes.AnyAtLeast(threshold)   of lanes without NaN
//     lanes.KthLargest(k)           of lanes without NaN, 1 <= k <= kBlock
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

// Half a page. The next row has to arrive while this one is compared; hardware does not look so far
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

template <typename T>
void Prefetch(const uint8_t* row, size_t block) {
  __builtin_prefetch(row + block * kBlockBytes<T> + kAheadBytes);
}

// The maxima of a chunk's lanes; only the last chunk of a row may have less than kChunk scores.
template <typename T>
Lanes WholeChunk(const uint8_t* row, size_t chunk) {
  Lanes best = None();
  for (size_t i = 0; i < kBlocksPerChunk; ++i) {
    best = BlockAt<T>(row, kBlocksPerChunk * chunk + i).MaxWith(best);
  }
  return best;
}

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
            float* of_segments) {
  const size_t whole = classes / kChunk;
  for (size_t segment = 0; segment < segments; ++segment) {
    Lanes best = None();
    const size_t end = whole * (segment + 1) / segments;
    for (size_t chunk = whole * segment / segments; chunk < end; ++chunk) {
      const Lanes lanes = WholeChunk<T>(row, chunk);
      lanes.Store(of_chunks + kGroups * chunk);
      best = lanes.MaxWith(best);
    }
    if (segment + 1 == segments && classes % kChunk != 0) {
      const Lanes lanes = LastChunk<T>(row, classes);
      lanes.Store(of_chunks + kGroups * whole);
      best = lanes.MaxWith(best);
    }
    best.Store(of_segments + kGroups * segment);
  }
}

inline Lanes LanesOf(const float* numbers) {
  return Lanes::Load(Float32{}, reinterpret_cast<const uint8_t*>(numbers));
}

inline float KthLargest(const float* numbers, size_t k) { return LanesOf(numbers).KthLargest(k); }

template <typename T>
uint64_t BlocksAtLeast(const uint8_t* row, size_t first, size_t count, Lanes threshold) {
  uint64_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    found |= uint64_t{BlockAt<T>(row, first + i).AtLeast(threshold)} << kBlock * i;
  }
  return found;
}

template <typename T>
uint64_t ChunkAtLeast(const uint8_t* row, size_t classes, size_t chunk, Lanes threshold) {
  const size_t first = kBlocksPerChunk * chunk;
  if (chunk < classes / kChunk) return BlocksAtLeast<T>(row, first, kBlocksPerChunk, threshold);
  const size_t blocks = classes / kBlock - first;
  uint64_t found = BlocksAtLeast<T>(row, first, blocks, threshold);
  if (const size_t rest = classes % kBlock; rest != 0) {
    const uint64_t tail = Tail<T>(row, classes).AtLeast(threshold) >> (kBlock - rest);
    found |= tail << kBlock * blocks;
  }
  return found;
}

template <typename T>
size_t AtLeast(const uint8_t* row, size_t classes, const float* of_chunks, float threshold,
               size_t limit, uint32_t* indices) {
  const Lanes all = Lanes::All(threshold);
  const size_t chunks = ChunksOf(classes);
  size_t count = 0;
  for (size_t first = 0; first < chunks; first += 64) {
    uint64_t found = 0;
    for (size_t chunk = chunks - first < 64 ? chunks : first + 64; chunk-- > first;) {
      found = 2 * found + LanesOf(of_chunks + kGroups * chunk).AnyAtLeast(all);
    }
    for (; found != 0; found &= found - 1) {
      const size_t chunk = first + static_cast<size_t>(__builtin_ctzll(found));
      uint64_t scores = ChunkAtLeast<T>(row, classes, chunk, all);
      for (; scores != 0; scores &= scores - 1) {
        indices[count++] =
            static_cast<uint32_t>(kChunk * chunk) + static_cast<uint32_t>(__builtin_ctzll(scores));
      }
      if (count >= limit) return count;
    }
  }
  return count;
}

template <typename T>
Comparison Compare(const uint8_t* row, size_t classes, float score) {
  if (classes < kBlock) {
    return kRowScanPortable[static_cast<size_t>(T::kType)].compare(row, classes, score);
  }
  LaneCounts counts(score);
  for (size_t block = 0; block < classes / kBlock; ++block) {
    Prefetch<T>(row, block);
    counts.Add(BlockAt<T>(row, block));
  }
  if (classes % kBlock != 0) counts.Add(Tail<T>(row, classes));
  return counts.Sum(classes);
}

template <typename T>
constexpr RowScan kScan = {Maxima<T>, KthLargest, AtLeast<T>, Compare<T>};

}  // namespace
}  // namespace regcore
