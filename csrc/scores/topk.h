// The k best scores of each row, in a stated order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/score_rows.h"

namespace regcore {

// The order is total: higher scores first, equal ones (0 and -0 are) by lowest index, and after
// all numbers the NaNs by lowest index. Any level gives the same result.
//
// A row comes from memory once: the k-th largest of the maxima of at least 2 k groups is a bound
// that at least k scores reach, and hardly more where the best scores are spread over the groups.
// Wherever they lie, the worst case is that of selecting among all scores: O(classes + k log k).
class TopK {
 public:
  // Needs 1 <= k <= classes < 2^32.
  TopK(const Scores& scores, size_t k, SimdLevel level);

  // What one worker needs for Run.
  Status Reserve(AlignedBuffer* scratch) const;

  // Rows [first, last). `values` and `indices` have k places for each row of all; values are stored
  // as the scores are, those of bfloat16 as float.
  void Run(size_t first, size_t last, uint8_t* values, int64_t* indices,
           AlignedBuffer* scratch) const;

 private:
  struct Workspace;

  // Reached by at least k scores of the row, if it has so many numbers. Reorders its argument.
  float Bound(float* of_segments) const;

  // Has write(row) called for each, when the keys of its k first are in order at the beginning of
  // the workspace's.
  template <typename T, typename WriteRow>
  void Search(size_t first, size_t last, const Workspace& space, const WriteRow& write) const;

  // How many indices of candidates it wrote; none where these are to be found by Candidates. Finds
  // the maxima of the later row, if there is one.
  size_t FindFew(const SearchedRow& row, const SearchedRow& later, uint32_t* indices) const;

  // Leaves the keys there, of a row that is not scanned.
  template <typename T>
  void AllKeys(const uint8_t* row, const Workspace& space) const;

  // Writes the keys of at least k scores, the k first in order among them; returns how many.
  template <typename T>
  size_t Candidates(const SearchedRow& row, const Workspace& space) const;

  template <typename T>
  void Write(const uint8_t* row, const uint64_t* keys, uint8_t* values, int64_t* indices) const;

  Scores scores_;
  size_t k_;
  const ScoreKernels* kernels_;
  size_t segments_;
  bool scanned_;  // else k is large, or the rows are short
  bool few_;      // ScoreKernels::find_few may be tried
};

}  // namespace regcore
