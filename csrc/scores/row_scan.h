// One pass over one row of scores, by instruction set: what topk and ranks are made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu.h"
#include "scores/scores.h"

namespace regcore {

// A row is searched in chunks of so many scores; the last chunk may have fewer.
inline constexpr size_t kChunk = 64;

// Groups in one segment of a row.
inline constexpr size_t kGroups = 16;

inline constexpr size_t ChunksOf(size_t classes) { return (classes + kChunk - 1) / kChunk; }

// Scores that a row has above, and equal to, a given one; and whether it has any NaN.
struct Comparison {
  size_t above = 0;
  size_t equal = 0;
  bool nan = false;
};

// One type and instruction set. A NaN is neither a maximum, nor above, nor equal to anything.
// Nothing outside of the row is read, but what follows it is prefetched.
struct RowScan {
  // The largest score of every chunk, and of every group: each score belongs to one, but to which
  // is the kernel's own choice. -infinity where there is no number.
  // Needs 1 <= segments <= classes / kChunk.
  void (*maxima)(const uint8_t* row, size_t classes, size_t segments, float* of_chunks,
                 float* of_groups);

  // Which chunks have scores >= threshold: bit c % 64 of chunks[c / 64]; and for these chunks,
  // which scores: bit i of scores[c] is score kChunk * c + i. `of_chunks` is from `maxima`.
  void (*at_least)(const uint8_t* row, size_t classes, const float* of_chunks, float threshold,
                   uint64_t* chunks, uint64_t* scores);

  // The row against one number.
  Comparison (*compare)(const uint8_t* row, size_t classes, float score);
};

const RowScan& RowScanFor(SimdLevel level, ScoreType type);

// By ScoreType. kRowScanPortable has the plain loops that the others are tested against.
extern const RowScan kRowScanPortable[kScoreTypes];
extern const RowScan kRowScanAvx2[kScoreTypes];
extern const RowScan kRowScanAvx512[kScoreTypes];
extern const RowScan kRowScanNeon[kScoreTypes];

}  // namespace regcore
