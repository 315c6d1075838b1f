// The loops of the vector kernels, to be included by each instruction set after its own
//
//   Lanes                           kBlock floats in registers
//     Lanes::Load(T{}, memory)      kBlock scores of type T
//     lanes.LastFirst(n)            the last n < kBlock in front, NaN in the others
//     lanes.Store(memory)
//   LaneCounts(score)
//     counts.Add(lanes), counts.Sum(lanes in all that were no padding)
//
// and before what finds a row's maxima, with AtLeastOf and ChunksAtLeast.
#pragma once

#include "scores/row_search/blocks-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// Calls between() after each whole chunk.
template <typename SegmentMaxima, typename Between>
void FindMaximaAnd(const SearchedRow& row, size_t classes, size_t segments,
                   const Between& between) {
  const size_t whole = classes / kChunk;
  for (size_t segment = 0; segment < segments; ++segment) {
    SegmentMaxima maxima(row, classes);
    const size_t last = whole * (segment + 1) / segments;
    for (size_t chunk = whole * segment / segments; chunk < last; ++chunk) {
      maxima.AddWhole(chunk);
      between();
    }
    if (segment + 1 == segments) maxima.AddRest();
    maxima.Store(row.maxima.of_segments + kGroups * segment);
  }
}

template <typename SegmentMaxima>
void FindMaxima(const SearchedRow& row, size_t classes, size_t segments) {
  FindMaximaAnd<SegmentMaxima>(row, classes, segments, [] {});
}

// AtLeastOf<T>(scores, threshold): bit i: score i of kChunk is >= threshold.
//
// Bit i: score kChunk * chunk + i >= threshold. The last chunk is read as the last kChunk scores.
template <typename T, typename Threshold>
uint64_t ChunkAtLeast(const uint8_t* row, size_t classes, size_t chunk, Threshold threshold) {
  const size_t begin = kChunk * chunk;
  const size_t read = begin + kChunk <= classes ? begin : classes - kChunk;
  return AtLeastOf<T>(row + read * sizeof(typename T::Storage), threshold) >> (begin - read);
}

// Writes `begin` and the place of each bit that is set, ascending; returns how many.
inline size_t PutIndices(size_t begin, uint64_t bits, uint32_t* indices) {
  size_t count = 0;
  for (; bits != 0; bits &= bits - 1) {
    indices[count++] = static_cast<uint32_t>(begin + static_cast<size_t>(__builtin_ctzll(bits)));
  }
  return count;
}

// Looks into the chunks whose maxima reach the threshold.
template <typename T, typename Threshold>
size_t AtLeast(const SearchedRow& row, size_t classes, float threshold, size_t limit,
               uint32_t* indices) {
  const auto all = Threshold::All(threshold);
  const size_t chunks = ChunksOf(classes);
  size_t count = 0;
  for (size_t first = 0; first < chunks; first += 64) {
    const size_t last = chunks - first < 64 ? chunks : first + 64;
    uint64_t found = ChunksAtLeast(row.maxima.of_chunks, first, last, all);
    for (; found != 0; found &= found - 1) {
      const size_t chunk = first + static_cast<size_t>(__builtin_ctzll(found));
      const uint64_t scores = ChunkAtLeast<T>(row.scores, classes, chunk, all);
      count += PutIndices(kChunk * chunk, scores, indices + count);
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

}  // namespace
}  // namespace regcore
