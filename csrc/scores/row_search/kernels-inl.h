// The loops of the vector kernels, to be included by each instruction set after its own
//
//   Lanes                           kBlock floats in registers
//     Lanes::All(x)                 kBlock times x
//     Lanes::Load(T{}, memory)      kBlock scores of type T
//     lanes.LastFirst(n)            the last n < kBlock in front, NaN in the others
//     lanes.MaxWith(best)           lane by lane, where NaN loses; `best` has no NaN
//     lanes.AtLeast(threshold)      bit i: lane i >= threshold
//     lanes.AnyAtLeast(threshold)   of lanes without NaN
//     lanes.KthLargest(k)           of lanes without NaN, 1 <= k <= kBlock
//     lanes.Store(memory)
//   LaneCounts(score)
//     counts.Add(lanes), counts.Sum(lanes in all that were no padding)
//   SortSmallK(keys)                puts kSmallK keys in ascending order
#pragma once

#include "scores/row_search/group_maxima-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/small_k-inl.h"

namespace regcore {
namespace {

template <typename StepwiseMaxima>
void FindMaxima(const SearchedRow& row, size_t classes, size_t segments) {
  const size_t whole = classes / kChunk;
  for (size_t segment = 0; segment < segments; ++segment) {
    const size_t first = whole * segment / segments;
    const size_t last =
        segment + 1 == segments ? ChunksOf(classes) : whole * (segment + 1) / segments;
    StepwiseMaxima(row, classes, first, last, last - first)
        .Finish(row.maxima.of_segments + kGroups * segment);
  }
}

// Bit i: score kChunk * chunk + i >= threshold. The last chunk is read as the last kChunk scores.
template <typename T>
uint64_t ChunkAtLeast(const uint8_t* row, size_t classes, size_t chunk, Lanes threshold) {
  const size_t begin = kChunk * chunk;
  const size_t read = begin + kChunk <= classes ? begin : classes - kChunk;
  const uint8_t* scores = row + read * sizeof(typename T::Storage);
  uint64_t found = 0;
  for (size_t i = 0; i < kBlocksPerChunk; ++i) {
    found |= uint64_t{BlockAt<T>(scores, i).AtLeast(threshold)} << kBlock * i;
  }
  return found >> (begin - read);
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

template <typename T>
size_t AtLeast(const SearchedRow& row, size_t classes, float threshold, size_t limit,
               uint32_t* indices) {
  const Lanes all = Lanes::All(threshold);
  const size_t chunks = ChunksOf(classes);
  size_t count = 0;
  for (size_t first = 0; first < chunks; first += 64) {
    const size_t last = chunks - first < 64 ? chunks : first + 64;
    uint64_t found = ChunksAtLeast(row.maxima.of_chunks, first, last, all);
    for (; found != 0; found &= found - 1) {
      const size_t chunk = first + static_cast<size_t>(__builtin_ctzll(found));
      uint64_t scores = ChunkAtLeast<T>(row.scores, classes, chunk, all);
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
Comparison Compare(const uint8_t* row, size_t classes, float score, ptrdiff_t ahead) {
  if (classes < kBlock) {
    return kScoreKernelsPortable[static_cast<size_t>(T::kType)].compare(row, classes, score, ahead);
  }
  LaneCounts counts(score);
  for (size_t block = 0; block < classes / kBlock; ++block) {
    counts.Add(NextBlock<T>(row, block, ahead));
  }
  if (classes % kBlock != 0) counts.Add(Tail<T>(row, classes));
  return counts.Sum(classes);
}

template <typename T>
constexpr ScoreKernels kKernels = {FindMaxima<StepwiseMaxima<T>>, KthLargest, AtLeast<T>, SmallK<T>,
                                   Compare<T>};

}  // namespace
}  // namespace regcore
