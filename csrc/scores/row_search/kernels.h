// One pass over one row of scores, by instruction set: what topk and ranks are made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "scores/row_search/score_rows.h"

namespace regcore {

// A row is searched in chunks of so many scores; the last chunk may have fewer.
inline constexpr size_t kChunk = 64;

// The scores of a chunk, and those of a segment of a row, are in so many groups.
inline constexpr size_t kGroups = 16;

inline constexpr size_t ChunksOf(size_t classes) { return (classes + kChunk - 1) / kChunk; }

// One segment is enough for so many scores of a row, mostly.
inline constexpr size_t kSmallK = 8;

// Of so many candidates the first kGroups are put in order at once.
inline constexpr size_t kMediumK = 32;

// Rows of so many chunks, at most, may be searched by find_few.
inline constexpr size_t kSmallKChunks = 64;

// Of one segment find_few may keep what it wants to know later, in so many bytes.
inline constexpr size_t kSlotBytes = 512;

// kGroups maxima of every chunk of a row: group g has the scores g, g + kGroups and so on of it.
// Likewise those of every segment, which is whole chunks: each score belongs to one, but to which
// is the kernel's own choice. -infinity where there is none. What a kernel writes in the room of
// those of chunks is its own affair.
struct Maxima {
  float* of_chunks = nullptr;
  float* of_segments = nullptr;
  void* of_slots = nullptr;  // kSlotBytes, aligned as an AlignedBuffer
  float* bound = nullptr;    // for find_few: the k-th largest of those of segments
};

// ahead: as Scores::PrefetchDistance.
struct SearchedRow {
  const uint8_t* scores = nullptr;
  ptrdiff_t ahead = 0;
  Maxima maxima;
};

// Scores that a row has above, and equal to, a given one; and whether it has any NaN.
struct Comparison {
  size_t above = 0;
  size_t equal = 0;
  bool nan = false;
};

// One type and instruction set. A NaN is neither a maximum, nor above, nor equal to anything; but
// scores of a chunk that has one may be left out of the maxima of its segment.
// Nothing outside of the row is read, but what follows `ahead` bytes later is prefetched.
struct ScoreKernels {
  // Finds the maxima of a row. Needs 1 <= segments <= classes / kChunk.
  void (*maxima)(const SearchedRow& row, size_t classes, size_t segments);

  // The k-th largest of kGroups numbers, 1 <= k <= kGroups.
  float (*kth_largest)(const float* numbers, size_t k);

  // The indices of the scores >= threshold, ascending; returns how many. It may stop when it has
  // `limit`, and writes at most kChunk more. The row has its maxima.
  size_t (*at_least)(const SearchedRow& row, size_t classes, float threshold, size_t limit,
                     uint32_t* indices);

  // The row against one number.
  Comparison (*compare)(const uint8_t* row, size_t classes, float score, ptrdiff_t ahead);

  // The usual search, in two steps, of rows with their maxima in one or two segments and in at most
  // kSmallKChunks chunks.
  //
  // The indices, in any order, of the scores not below the row's bound; returns how many. There is
  // room for kMediumK more than the row has classes. Finds the maxima of `next` and their bound on
  // the way, unless its scores are null: memory is read slower than anything here is computed, so
  // that it should never have nothing to do.
  size_t (*find_few)(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
                     size_t segments, uint32_t* indices);

  // Keys with the first indices, in order, kGroups of them or all: of `count` indices of find_few,
  // at most kMediumK. Writes behind these indices; `keys` has room for kMediumK.
  void (*order_few)(const uint8_t* row, uint32_t* indices, size_t count, uint64_t* keys);
};

const ScoreKernels& ScoreKernelsFor(SimdLevel level, ScoreType type);

// The kernels by ScoreType. kScoreKernelsPortable has the plain loops that the others are tested
// against.
extern const ScoreKernels kScoreKernelsPortable[kScoreTypes];
extern const ScoreKernels kScoreKernelsAvx2[kScoreTypes];
extern const ScoreKernels kScoreKernelsAvx512[kScoreTypes];
extern const ScoreKernels kScoreKernelsNeon[kScoreTypes];

}  // namespace regcore
